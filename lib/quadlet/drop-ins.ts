import { dirname } from 'node:path'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { explain, Refusal, type Fault } from '../text/fault.ts'
import { parseUnitFile, type UnitFile } from './unit-file.ts'
import { sectionOf } from './quadlet-kind.ts'
import { dropInDirectoryNames, type QuadletFiles } from './quadlet-files.ts'
import { isMask, maxSpecBytes, readText } from './read-unit-file.ts'

/**
 * Maximum number of entries in the drop-in directories of a file. Far above any real spec, and low enough for
 * thousands of specs.
 */
const maxEntries = 100

/** Maximum size of the cache of parsed drop-ins. */
const maxKeptBytes = 1024 * 1024
/** Size that an empty file counts for in the cache. */
const minKeptBytes = 1024

/** A drop-in that was read. */
export interface DropIn {
  readonly file: string
  readonly unitFile: UnitFile
  readonly faults: readonly Fault[]
  readonly bytes: number
}

/** The drop-ins of Quadlet files. Reads drop-ins of several files, like `image.d/*.conf`, once. */
export class DropIns {
  readonly #files: DeploymentFiles
  readonly #quadlet: QuadletFiles
  readonly #kept = new Map<string, readonly DropIn[]>()
  #keptBytes = 0

  constructor(files: DeploymentFiles, quadlet: QuadletFiles) {
    this.#files = files
    this.#quadlet = quadlet
  }

  /**
   * The drop-ins of a file. Only a file in a directory of Quadlet has any. Of each name, the first file found
   * counts: that of the most specific name, or, up to podman 5.4, that of the first Quadlet directory. Drop-ins are
   * applied in the order of their names (podman: cmd/quadlet/main.go, loadUnitDropins).
   *
   * @param path in the deployment
   * @param name that Quadlet uses for the file
   * @throws Refusal if there are more than any real file has, or versions of podman disagree
   */
  of(path: string, name: string): readonly DropIn[] {
    if (!this.#quadlet.directories.has(dirname(path))) return []
    const dropIns = this.#paths(name).flatMap(file => this.#read(file))
    if (dropIns.reduce((sum, { bytes }) => sum + bytes, 0) > maxSpecBytes)
      throw new Refusal(
        `the drop-ins exceed ${maxSpecBytes} bytes in total`,
        'move their settings to the file',
      )
    return dropIns
  }

  #paths(name: string): readonly string[] {
    const found = new Map<string, string>()
    const ranks = [...this.#quadlet.directories]
    let entries = 0
    for (const directoryName of dropInDirectoryNames(name))
      for (const directory of this.#quadlet.dropInDirectories.get(directoryName) ?? []) {
        const names = this.#files.names(directory)
        entries += names.length
        if (entries > maxEntries)
          throw new Refusal(
            `the drop-in directories, including ${directory}, have more than ${maxEntries} entries`,
            'merge the drop-ins',
          )
        for (const file of names.map(String)) {
          if (!file.endsWith('.conf')) continue
          const [path, first] = [`${directory}/${file}`, found.get(file)]
          if (first === undefined) found.set(file, path)
          else if (
            ranks.indexOf(dirname(directory)) < ranks.indexOf(dirname(dirname(first))) &&
            this.#settings(first) !== this.#settings(path)
          )
            throw new Refusal(
              `versions of podman disagree whether ${first} or ${path} counts`,
              'give one of them another name',
            )
        }
      }
    return [...found]
      .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([, path]) => path)
  }

  /** What a drop-in says about images. Two with the same text say the same. */
  #settings(file: string): string {
    return JSON.stringify(
      this.#read(file).map(({ unitFile, faults }) => [
        faults,
        [...Object.values(sectionOf), 'Quadlet'].map(section =>
          [...(unitFile.get(section) ?? [])].map(([key, all]) => [
            key,
            all.map(({ value }) => value),
          ]),
        ),
      ]),
    )
  }

  /** @returns no drop-in for a mask */
  #read(file: string): readonly DropIn[] {
    const kept = this.#kept.get(file)
    if (kept !== undefined) return kept
    const read = isMask(this.#files, file) ? [] : [readDropIn(this.#files, file)]
    this.#keptBytes += minKeptBytes + (read[0]?.bytes ?? 0)
    if (this.#keptBytes <= maxKeptBytes) this.#kept.set(file, read)
    return read
  }
}

function readDropIn(files: DeploymentFiles, file: string): DropIn {
  try {
    const text = readText(files, file)
    const { unitFile, faults } = parseUnitFile(text)
    return { file, unitFile, faults: faults.map(fault => ({ ...fault, file })), bytes: text.length }
  } catch (error) {
    return { file, unitFile: new Map(), faults: [{ file, ...explain(error) }], bytes: 0 }
  }
}
