// flock(1). Failure policy: a timeout is an error. This does not use execa, because its types allow only the first file
// descriptors.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** Longer than a staging can take. */
const seconds = 900

/**
 * Runs `act` while holding an exclusive lock on a file. The lock belongs to the open file, which flock(1) gets as its
 * standard input. The kernel releases it when this process ends, even if it is killed.
 */
export async function withLock<T>(path: string, act: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = openSync(path, 'a', 0o600)
  try {
    await lock(file).catch((error: unknown) => {
      throw new Error(`cannot lock ${path}`, { cause: error })
    })
    return await act()
  } finally {
    closeSync(file)
  }
}

async function lock(file: number): Promise<void> {
  const flock = spawn('flock', ['--exclusive', '--timeout', String(seconds), '0'], {
    stdio: [file, 'ignore', 'inherit'],
  })
  const [status]: unknown[] = await once(flock, 'exit')
  if (status !== 0) throw new Error(`flock ended with ${String(status)}`)
}
