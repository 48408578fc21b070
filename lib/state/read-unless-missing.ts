import { readFileSync } from 'node:fs'
import { unlessMissing } from '../unless-missing.ts'

/** The text of a file, undefined when there is none; any other failure is an error. */
export function readUnlessMissing(path: string): string | undefined {
  return unlessMissing(() => readFileSync(path, 'utf8'))
}
