import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'
import { checkModule } from './containers-conf-module.ts'
import { locatePath } from './locate-path.ts'
import type { PullOption } from './pull-options.ts'

/** Global podman options that a pull may have. All others pull to another place or write files. */
const valueFlags: ReadonlySet<string> = new Set([
  '--cgroup-manager',
  '--events-backend',
  '--log-level',
  '--module',
])
const switchFlags: ReadonlySet<string> = new Set(['--syslog'])

/** Search path of podman for modules (containers/common: pkg/config/modules.go). */
const moduleDirectories = [
  '/etc/containers/containers.conf.modules',
  '/usr/share/containers/containers.conf.modules',
] as const

/** Parses the words of `GlobalArgs=`. */
export function parseGlobalArgs(
  words: readonly string[],
  files: DeploymentFiles,
): readonly PullOption[] {
  const options: PullOption[] = []
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, flag = word, joinedValue] = /^(--[^=]*)=(.*)$/su.exec(word) ?? []
    if (switchFlags.has(word)) {
      options.push({ flag, words: [word], identity: undefined, files: [] })
      continue
    }
    if (!valueFlags.has(flag))
      throw new Refusal(
        `${flag} is not supported: a bound image must be pulled into podman's own store`,
        'remove it',
      )
    const value = joinedValue ?? rest.shift()
    if (value === undefined) throw new Refusal(`${flag} requires a value`, 'add a value')
    const text = flag === '--module' ? locateModule(files, value) : value
    const written = joinedValue === undefined ? [flag, text] : [`${flag}=${text}`]
    options.push({ flag, words: written, identity: moduleIdentity(flag, value), files: [] })
  }
  return options
}

/** Global options with which a container looks for its image in another place. */
const elsewhere =
  /^(?:--(?:root|runroot|imagestore|storage-driver|remote|url|connection|identity)|-r|-c)(?:=|$)/u
const withValue = /^--(?:module|storage-opt)(?:=|$)/u

/** The words of `GlobalArgs=` in [Container] or [Kube] that decide which image is used. */
export function globalPullWords(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    if (elsewhere.test(word)) return [word]
    if (!withValue.test(word)) return []
    return word.includes('=') ? [word] : [`${word}=${words[index + 1] ?? ''}`]
  })
}

/**
 * The modules among those words.
 *
 * @throws Refusal if the container would not find the image
 */
export function parseContainerGlobalArgs(
  words: readonly string[],
  files: DeploymentFiles,
): readonly PullOption[] {
  return words.flatMap(word => {
    const [, flag = word, value = ''] = /^(--[^=]*)=(.*)$/su.exec(word) ?? []
    if (flag === '--module') return [moduleOption(value, files)]
    if (flag === '--storage-opt' && value.startsWith('additionalimagestore=')) return []
    throw new Refusal(
      `${flag}: the container would not look for its image in podman's own store`,
      'remove it, or the link',
    )
  })
}

/** Parses the value of one `ContainersConfModule=`. */
export function moduleOption(value: string, files: DeploymentFiles): PullOption {
  const words = [`--module=${locateModule(files, value)}`]
  return { flag: '--module', words, identity: moduleIdentity('--module', value), files: [] }
}

/** Only a module can change which image is pulled. */
function moduleIdentity(flag: string, value: string): string | undefined {
  return flag === '--module' ? `${flag}=${value}` : undefined
}

function locateModule(files: DeploymentFiles, name: string): string {
  const paths = name.startsWith('/')
    ? [name]
    : moduleDirectories.map(directory => `${directory}/${name}`)
  const path = paths.find(each => files.find(each, 'file') !== undefined)
  if (path !== undefined) checkModule(files, path)
  if (path !== undefined || name.startsWith('/')) return locatePath(files, path ?? name, 'file')
  throw new Refusal(
    `the root has no module ${name} in ${moduleDirectories.join(' or ')}`,
    'add it to the OS image',
  )
}
