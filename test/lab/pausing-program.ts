const machines = { x64: 0x3e, arm64: 0xb7 } as const
/** pause(2) in a loop; where there is no such call, ppoll(2) of nothing. */
const loops = {
  x64: 'b822000000 0f05 ebf7',
  arm64: '000080d2 010080d2 020080d2 030080d2 280980d2 010000d4 faffff17',
} as const

/** A program for a container that has nothing else: it does nothing, for ever (elf(5)). */
export const pausingProgram = (): Buffer => {
  const machine = process.arch === 'arm64' ? 'arm64' : 'x64'
  const code = Buffer.from(loops[machine].replaceAll(' ', ''), 'hex')
  const address = 0x40_0000
  const [headerBytes, segmentBytes] = [64, 56]
  const start = headerBytes + segmentBytes
  const program = Buffer.alloc(start + code.length)
  program.write('\u007FELF\u0002\u0001\u0001', 0, 'latin1')
  program.writeUInt16LE(2, 16) // an executable
  program.writeUInt16LE(machines[machine], 18)
  program.writeUInt32LE(1, 20)
  program.writeBigUInt64LE(BigInt(address + start), 24)
  program.writeBigUInt64LE(BigInt(headerBytes), 32)
  program.writeUInt16LE(headerBytes, 52)
  program.writeUInt16LE(segmentBytes, 54)
  program.writeUInt16LE(1, 56)
  // one segment: the whole file, to be read and executed
  program.writeUInt32LE(1, 64)
  program.writeUInt32LE(5, 68)
  program.writeBigUInt64LE(BigInt(address), 80)
  program.writeBigUInt64LE(BigInt(address), 88)
  program.writeBigUInt64LE(BigInt(program.length), 96)
  program.writeBigUInt64LE(BigInt(program.length), 104)
  program.writeBigUInt64LE(0x1000n, 112)
  code.copy(program, start)
  return program
}

/** A command that prints a file of the container that runs it: a moment after the start of its service. */
export const fromContainer = (file: string): string =>
  `for i in $(seq 100); do pgrep -x pause >/dev/null && break; sleep 0.1; done; cat "/proc/$(pgrep -x pause | head -n 1)/root${file}"`
