import { basename, dirname } from 'node:path'
import { isLeftover, specDirectories } from '../bound-images/list-entries.ts'
import { isMask } from '../quadlet/read-unit-file.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { suggest } from '../text/suggest.ts'
import { printable } from '../text/printable.ts'
import type { Finding } from './finding.ts'

/** Warnings about entries of bound-images.d that ask for nothing, although somebody may think so. */
export function entryWarnings(
  files: DeploymentFiles,
  directories: readonly string[] = specDirectories,
): readonly Finding[] {
  return [
    ...directories.flatMap(each => misspelledDirectories(files, each)),
    ...ofEntries(files, directories),
  ]
}

/** A directory beside one that is read, whose name is almost the same. */
function misspelledDirectories(files: DeploymentFiles, directory: string): readonly Finding[] {
  const name = basename(directory)
  return namesIn(files, dirname(directory))
    .filter(each => each !== name && suggest(each, [name]) !== undefined)
    .map(each => ({
      severity: 'warning',
      entry: printable(`${dirname(directory)}/${each}`.slice(1)),
      reason: 'no specs are read from here',
      remedy: `did you mean ${name}?`,
    }))
}

function ofEntries(files: DeploymentFiles, directories: readonly string[]): readonly Finding[] {
  const lists = directories.map(directory => ({ directory, names: namesIn(files, directory) }))
  return lists.flatMap(({ directory, names }, index) => {
    const later = new Set(lists.slice(index + 1).flatMap(each => each.names))
    return names.flatMap((name): readonly Finding[] => {
      const path = `${directory}/${name}`
      const at = { severity: 'warning', entry: printable(path.slice(1)) } as const
      if (isLeftover(name) && /^\/usr\/lib\/bootc(?:-experimental)?\//u.test(directory))
        return [
          {
            ...at,
            reason:
              'its name is that of a backup or a note; bootc itself reads this directory and may fail',
            remedy: 'remove it',
          },
        ]
      if (isLeftover(name))
        return [
          {
            ...at,
            reason: 'its name is that of a backup or a note, so it is not read',
            remedy: 'rename or remove it',
          },
        ]
      if (later.has(name) || !isMask(files, path)) return []
      return [
        {
          ...at,
          reason: 'it is empty or masked, and hides nothing',
          remedy: 'remove it, or copy it again',
        },
      ]
    })
  })
}

function namesIn(files: DeploymentFiles, directory: string): readonly string[] {
  try {
    return files.names(directory).map(String)
  } catch {
    return [] // reported where the entries are read
  }
}
