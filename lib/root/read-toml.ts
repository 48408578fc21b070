import { parse } from 'smol-toml'
import { describeError } from '../text/describe-error.ts'
import { Refusal } from '../text/fault.ts'
import type { DeploymentFiles } from './deployment-files.ts'
import { UnresolvedPath } from './resolve-in-root.ts'

type Table = Readonly<Record<string, unknown>>

const maxBytes = 1024 * 1024

/**
 * Reads a configuration file of podman. A missing file is empty.
 *
 * @throws Refusal naming the file that cannot be read
 */
export function readToml(files: DeploymentFiles, path: string): Table {
  try {
    return parse(files.read(path, maxBytes).toString())
  } catch (error) {
    if (error instanceof UnresolvedPath) return {}
    // smol-toml appends a source excerpt to its message.
    throw new Refusal(`${path}: ${describeError(error).replace(/\n.*$/su, '')}`, 'correct the file')
  }
}

/** The value of a key, as podman finds it: written in the same way, else in another case (BurntSushi/toml: decode.go). */
export function valueIn(table: Table, key: string): unknown {
  const other = Object.keys(table).find(each => each.toLowerCase() === key)
  return table[key] ?? (other === undefined ? undefined : table[other])
}

/** The table of a key. A value of another type is an empty table. */
export function tableIn(table: Table, key: string): Table {
  const value = valueIn(table, key)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}
