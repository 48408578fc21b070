import { readlinkSync, type Stats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { explain, Refusal, type Fault } from '../text/fault.ts'
import type { DropIns } from './drop-ins.ts'
import { mergeDropIn, parseUnitFile, type UnitFile } from './unit-file.ts'

/** Maximum size of a file, and of all its drop-ins together. Far above any real spec. */
export const maxSpecBytes = 64 * 1024

/**
 * Reads a Quadlet file with its drop-ins.
 *
 * @param path in the deployment
 * @param name that Quadlet uses for the file
 * @throws Error if the file cannot be read
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

/** @throws Error if the file cannot be read or is too large, Refusal if it is not UTF-8 */
export function readText(files: DeploymentFiles, path: string): string {
  const bytes = files.read(path, maxSpecBytes)
  try {
    return utf8.decode(bytes)
  } catch {
    throw new Refusal('the file is not UTF-8 text', 'save it as UTF-8')
  }
}

/** Whether a file is a mask: empty, or a link to /dev/null or to an empty file. */
export function isMask(files: DeploymentFiles, path: string): boolean {
  const target = files.follow(path)
  return isMaskItself(files, path) || (target !== undefined && isEmptyFile(target.stat))
}

/** Whether a file is empty, or a link to /dev/null. */
export function isMaskItself(files: DeploymentFiles, path: string): boolean {
  const directory = files.resolveDirectory(dirname(path))
  const found = files.look(join(directory, basename(path)))
  if (found === undefined) return false
  const { location, stat } = found
  return stat.isSymbolicLink()
    ? resolve(directory, readlinkSync(location)) === '/dev/null'
    : isEmptyFile(stat)
}

function isEmptyFile(stat: Stats): boolean {
  return stat.isFile() && stat.size === 0
}
