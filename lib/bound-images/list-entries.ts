import { describeError } from '../text/describe-error.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import type { SpecProblem } from '../text/fault.ts'
import { printable } from '../text/printable.ts'
import { quadletKind } from '../quadlet/quadlet-kind.ts'
import { isMask, isMaskItself } from '../quadlet/read-unit-file.ts'

/**
 * Of two entries with the same name, the one in the earlier directory counts (UAPI configuration files
 * specification). The last directory is for specs that bootc cannot read: bootc also reads its own directory,
 * and fails on a file it does not know.
 */
export const specDirectories = [
  '/etc/bootc/bound-images.d',
  '/run/bootc/bound-images.d',
  '/usr/lib/bootc/bound-images.d',
  '/usr/lib/bootc-experimental/bound-images.d',
  '/usr/lib/bootc-bound-images/bound-images.d',
] as const

/** Maximum number of entries in a directory. Far above any real host; more would also overload systemd. */
const maxEntries = 20_000

/** An entry of a bound-images.d directory. */
export interface Entry {
  /** Path in the deployment. */
  readonly path: string
  /** The same without the leading slash, as printable text. */
  readonly label: string
  readonly name: string
}

/**
 * Whether an editor or a package manager left the file, or it explains the others. systemd ignores such files too (most of
 * them: systemd, src/basic/path-util.c, hidden_or_backup_file).
 */
export function isLeftover(name: string): boolean {
  return /^\.|~$|^#.*#$|^README(?:\.(?:md|rst|txt))?$|\.(?:bak|orig|swp|rpm(?:new|save|orig)|dpkg-[a-z]+|ucf-[a-z]+)$/u.test(
    name,
  )
}

/** Lists the entries that count, sorted by name. Leaves out what editors and package managers leave. Adds what cannot be listed to `problems`. */
export function listEntries(
  files: DeploymentFiles,
  problems: SpecProblem[],
  directories: readonly string[] = specDirectories,
): readonly Entry[] {
  const entries = new Map<string, Entry>()
  for (const directory of directories.filter(each => files.keeps(each))) {
    try {
      const names = files.names(directory)
      if (names.length > maxEntries)
        throw new Error(`the directory has ${names.length} entries, the maximum is ${maxEntries}`)
      for (const bytes of names) {
        const name = bytes.toString()
        const path = `${directory}/${name}`
        const label = printable(path.slice(1))
        if (!Buffer.from(name).equals(bytes))
          problems.push({
            entry: label,
            faults: [{ reason: 'the name is not UTF-8', remedy: 'rename it' }],
          })
        else if (!entries.has(name) && !isLeftover(name)) entries.set(name, { path, label, name })
      }
    } catch (error) {
      const reason = printable(describeError(error))
      problems.push({ entry: directory.slice(1), faults: [{ reason }] })
    }
  }
  return (
    [...entries.values()]
      // What a link to an empty Quadlet file means depends on the drop-ins of that file.
      .filter(
        ({ name, path }) => !(quadletKind(name) === undefined ? isMask : isMaskItself)(files, path),
      )
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
  )
}
