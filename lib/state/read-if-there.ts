import { readFileSync } from 'node:fs'
import { ifThere } from '../if-there.ts'

/** The text of a file, undefined when there is none; any other failure is an error. */
export function readIfThere(path: string): string | undefined {
  return ifThere(() => readFileSync(path, 'utf8'))
}
