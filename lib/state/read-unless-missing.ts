import { readFileSync } from 'node:fs'
import { unlessMissing } from '../unless-missing.ts'

/** Reads a text file. A missing file gives undefined; any other failure is an error. */
export function readUnlessMissing(path: string): string | undefined {
  return unlessMissing(() => readFileSync(path, 'utf8'))
}
