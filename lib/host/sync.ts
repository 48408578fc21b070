// sync(1). Failure policy: what cannot be synced is not safe, so every failure is an error.
import { execa } from 'execa'

/** Writes out the file system that holds a path. */
export async function syncFileSystem(path: string): Promise<void> {
  await execa('sync', ['--file-system', path], { timeout: 50_000 })
}
