import { isUtf8 } from 'node:buffer'
import { DeploymentFiles } from '../root/deployment-files.ts'
import { explain } from '../text/fault.ts'
import { isMask, readText } from '../quadlet/read-unit-file.ts'
import type { Mistake } from './configuration-error.ts'
import type { Settings } from './settings.ts'
import { parseSettings, type Configuration, type ConfigurationFile } from './parse-settings.ts'

/** Of two files with the same name, the one in the earlier directory counts. */
export const configurationDirectories = ['/etc', '/run', '/usr/local/lib', '/usr/lib'] as const

const mainFile = 'bootc-bound-images.conf'

const notText = { reason: 'the name is not UTF-8', remedy: 'rename the file' } as const

/**
 * Reads the configuration of a host: first the main file, then the drop-ins in the order of their names (UAPI
 * configuration files specification; systemd: src/basic/conf-files.c). An empty file, or a link to /dev/null,
 * masks those of later directories.
 *
 * @param hostRoot `/` or a directory that stands for it; no link leads out of it
 * @throws ConfigurationError with all mistakes
 */
export function readSettings(hostRoot: string): Configuration {
  return readConfiguration(new DeploymentFiles(hostRoot))
}

/**
 * Reads the settings that a deployment has for itself: where its specs and its images are. The others are not read,
 * because a later version of this product may allow more values.
 *
 * @throws ConfigurationError with all mistakes in these settings
 */
export function readOwnSettings(files: DeploymentFiles): OwnSettings {
  return readConfiguration(files, ['specDirs', 'store']).settings
}

/** See `readOwnSettings`. */
export type OwnSettings = Pick<Settings, 'specDirs' | 'store'>

function readConfiguration(
  files: DeploymentFiles,
  names?: readonly (keyof Settings)[],
): Configuration {
  const mistakes: Mistake[] = []
  const paths = [
    ...find(files, configurationDirectories, name => name === mainFile, mistakes),
    ...find(
      files,
      configurationDirectories.map(directory => `${directory}/${mainFile}.d`),
      name => name.endsWith('.conf') && !name.startsWith('.'),
      mistakes,
    ),
  ]
  const texts: ConfigurationFile[] = []
  for (const path of paths) {
    try {
      if (!isMask(files, path)) texts.push({ path, text: readText(files, path) })
    } catch (error) {
      mistakes.push({ path, fault: explain(error) })
    }
  }
  return parseSettings(texts, mistakes, names)
}

/** The first file of each wanted name, sorted by name. Adds what cannot be listed to `mistakes`. */
function find(
  files: DeploymentFiles,
  directories: readonly string[],
  isWanted: (name: string) => boolean,
  mistakes: Mistake[],
): readonly string[] {
  const found = new Map<string, string>()
  for (const directory of directories.filter(each => files.keeps(each)))
    try {
      for (const bytes of files.names(directory)) {
        const name = bytes.toString()
        const path = `${directory}/${name}`
        if (!isWanted(name)) continue
        if (!isUtf8(bytes)) mistakes.push({ path, fault: notText })
        else if (!found.has(name)) found.set(name, path)
      }
    } catch (error) {
      mistakes.push({ path: directory, fault: explain(error) })
    }
  return [...found]
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([, path]) => path)
}
