// flock(1). Failure policy: a lock that cannot be had in time is an error.
import { closeSync, createReadStream, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { execa } from 'execa'

const seconds = 300

/**
 * Runs `act` while holding an exclusive lock on a file. The lock belongs to the open file, which flock(1)
 * gets as its standard input, and the kernel frees it however this process ends.
 */
export async function withLock<T>(path: string, act: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = openSync(path, 'a', 0o600)
  try {
    await execa('flock', ['--exclusive', '--timeout', String(seconds), '0'], {
      stdin: createReadStream('', { fd: file, autoClose: false }),
    })
    return await act()
  } finally {
    closeSync(file)
  }
}
