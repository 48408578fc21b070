/** A placeholder for the machine IDs of the hosts that will run an OS image. */
export const anyMachineId = '0'.repeat(32)
