import { readdirSync } from 'node:fs'
import { unlessMissing } from './unless-missing.ts'

/** The names in a directory; none when it does not exist. */
export function listDirectory(path: string): readonly string[] {
  return unlessMissing(() => readdirSync(path)) ?? []
}
