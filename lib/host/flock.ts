// flock(1). Failure policy: a lock that cannot be had in time is an error. Not by execa: see stored-images.ts.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** Longer than a staging may take. */
const seconds = 900

/**
 * Runs `act` while holding an exclusive lock on a file. The lock belongs to the open file, which flock(1)
 * gets as its standard input, and the kernel frees it however this process ends.
 */
export async function withLock<T>(path: string, act: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = openSync(path, 'a', 0o600)
  try {
    const { status, error } = spawnSync(
      'flock',
      ['--exclusive', '--timeout', String(seconds), '0'],
      { stdio: [file, 'ignore', 'inherit'] },
    )
    if (status !== 0) throw new Error(`cannot lock ${path}`, { cause: error })
    return await act()
  } finally {
    closeSync(file)
  }
}
