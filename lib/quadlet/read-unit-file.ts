import { readlinkSync, type Stats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { explain, Refusal, type Fault } from '../text/fault.ts'
import type { DropIns } from './drop-ins.ts'
import { mergeDropIn, parseUnitFile, type UnitFile } from './unit-file.ts'

/** Far above any real spec; for a file, and for its drop-ins together. */
export const mostSpecBytes = 64 * 1024

/**
 * Reads a Quadlet file with its drop-ins.
 *
 * @param path in the deployment
 * @param name by which Quadlet knows the file
 * @throws Error when the file cannot be read
 */
export function readUnitFile(
  files: DeploymentFiles,
  dropIns: DropIns,
  path: string,
  name: string,
): { readonly unitFile: UnitFile; readonly faults: readonly Fault[] } {
  const base = parseUnitFile(readText(files, path))
  let unitFile = base.unitFile
  const faults = [...base.faults]
  try {
    for (const dropIn of dropIns.of(path, name)) {
      faults.push(...dropIn.faults)
      unitFile = mergeDropIn(unitFile, dropIn.unitFile, dropIn.file)
    }
  } catch (error) {
    faults.push(explain(error))
  }
  return { unitFile, faults }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws Error, or Refusal, for what is no text of a sane size */
export function readText(files: DeploymentFiles, path: string): string {
  const bytes = files.read(path, mostSpecBytes)
  try {
    return utf8.decode(bytes)
  } catch {
    throw new Refusal('the file is not UTF-8 text', 'save it as UTF-8')
  }
}

/** An empty file, or a link to /dev/null, stands for none. */
export function isMask(files: DeploymentFiles, path: string): boolean {
  const directory = files.resolveDirectory(dirname(path))
  const found = files.look(join(directory, basename(path)))
  if (found === undefined) return false
  const { location, stat } = found
  if (!stat.isSymbolicLink()) return isEmptyFile(stat)
  if (resolve(directory, readlinkSync(location)) === '/dev/null') return true
  const target = files.follow(path)
  return target !== undefined && isEmptyFile(target.stat)
}

function isEmptyFile(stat: Stats): boolean {
  return stat.isFile() && stat.size === 0
}
