import { readdirSync } from 'node:fs'
import { unlessMissing } from './unless-missing.ts'

/** Returns the names in a directory. A missing directory has none. */
export function listDirectory(path: string): readonly string[] {
  return unlessMissing(() => readdirSync(path)) ?? []
}
