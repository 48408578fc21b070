// sync(1). Failure policy: every failure is an error, because unsynced data is not safe.
import { execa } from 'execa'

/** Syncs the file system of a path. */
export async function syncFileSystem(path: string): Promise<void> {
  await execa('sync', ['--file-system', path], { timeout: 50_000 })
}
