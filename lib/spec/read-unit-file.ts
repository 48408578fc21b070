import { readlinkSync, type Stats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { explain, Refusal, type Fault } from '../text/fault.ts'
import { dropInDirectoryNames, type QuadletFiles } from './quadlet-files.ts'
import { mergeDropIn, parseUnitFile, type UnitFile } from '../text/unit-file.ts'

/** Far above any real spec. */
export const mostSpecBytes = 64 * 1024

/**
 * Reads a Quadlet file with its drop-ins, which only files in Quadlet's directories have: of each name the first found counts, and they are applied in
 * the order of their names (podman: cmd/quadlet/main.go, loadUnitDropins).
 *
 * @param path in the deployment
 * @param name by which Quadlet knows the file
 * @throws Error when the file cannot be read
 */
export function readUnitFile(
  files: DeploymentFiles,
  quadlet: QuadletFiles,
  path: string,
  name: string,
): { readonly unitFile: UnitFile; readonly faults: readonly Fault[] } {
  const base = parseUnitFile(readText(files, path))
  let unitFile = base.unitFile
  const faults = [...base.faults]
  const isQuadlets = quadlet.directories.has(dirname(path))
  for (const file of isQuadlets ? dropIns(files, quadlet, name) : []) {
    try {
      const text = readText(files, file)
      const dropIn = parseUnitFile(text)
      faults.push(...dropIn.faults.map(fault => ({ ...fault, file })))
      unitFile = mergeDropIn(unitFile, dropIn.unitFile, file)
    } catch (error) {
      faults.push({ file, ...explain(error) })
    }
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

function dropIns(files: DeploymentFiles, quadlet: QuadletFiles, name: string): readonly string[] {
  const found = new Map<string, string>()
  for (const directoryName of dropInDirectoryNames(name))
    for (const directory of quadlet.dropInDirectories.get(directoryName) ?? [])
      for (const bytes of files.names(directory)) {
        const file = bytes.toString()
        if (file.endsWith('.conf') && !found.has(file)) found.set(file, `${directory}/${file}`)
      }
  return [...found]
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([, path]) => path)
    .filter(path => !isMask(files, path))
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
