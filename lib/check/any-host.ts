/** Stands for the machine ID of each host that will run an OS image. */
export const anyMachineId = '0'.repeat(32)
