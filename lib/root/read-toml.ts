import { parse, TomlError } from 'smol-toml'
import { describeError } from '../text/describe-error.ts'
import { Refusal, type Fault } from '../text/fault.ts'
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
  const { table, fault } = tryToml(files, path)
  if (fault !== undefined) throw new Refusal(`${path}: ${fault.reason}`, fault.remedy)
  return table
}

/** The same, with the fault instead of an exception. */
export function tryToml(
  files: DeploymentFiles,
  path: string,
): { readonly table: Table; readonly fault?: Fault } {
  try {
    return { table: parse(files.read(path, maxBytes).toString()) }
  } catch (error) {
    if (error instanceof UnresolvedPath) return { table: {} }
    const fault = {
      file: path,
      ...(error instanceof TomlError && { line: error.line }),
      // smol-toml appends a source excerpt to its message.
      reason: describeError(error).replace(/\n.*$/su, ''),
      remedy: 'correct the file',
    }
    return { table: {}, fault }
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
