import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'
import { checkModule } from './containers-conf-module.ts'
import { locatePath } from './locate-path.ts'
import type { PullOption } from './pull-options.ts'
import type { SectionReader } from '../quadlet/section-reader.ts'
import { splitLeniently } from '../quadlet/split-words.ts'

/** Global podman options that a pull may have. All others pull to another place or write files. */
const valueFlags: ReadonlyMap<string, RegExp> = new Map([
  ['--cgroup-manager', /^(?:systemd|cgroupfs)$/u],
  ['--events-backend', /^(?:file|journald|memory|none|null)$/iu],
  ['--log-level', /^(?:trace|debug|info|warn|warning|error|fatal|panic)$/iu],
  ['--module', /^/u],
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
    const values = valueFlags.get(flag)
    if (values === undefined)
      throw new Refusal(
        `${flag} is not supported: a bound image must be pulled into podman's own store`,
        'remove it',
      )
    const value = joinedValue ?? rest.shift()
    if (value === undefined) throw new Refusal(`${flag} requires a value`, 'add a value')
    if (!values.test(value))
      throw new Refusal(`podman does not take ${value} for ${flag}`, 'see podman(1)')
    const text = flag === '--module' ? locateModule(files, value) : value
    const written = joinedValue === undefined ? [flag, text] : [`${flag}=${text}`]
    options.push({ flag, words: written, identity: moduleIdentity(flag, value), files: [] })
  }
  return options
}

/** Global options with which a container looks for its image in another place, and the values with which it does not. */
const elsewhere: ReadonlyMap<string, RegExp> = new Map([
  ['--root', /^\/var\/lib\/containers\/storage\/?$/u],
  ['--imagestore', /^$/u],
  ['--remote', /^(?:0|f|F|false|FALSE|False)$/u],
  ['-r', /^(?:0|f|F|false|FALSE|False)$/u],
  ['--url', /^$/u],
  ['--connection', /^$/u],
  ['-c', /^$/u],
])

/** The words of `GlobalArgs=` in [Container] or [Kube] that decide which image is used, each with its value. */
function globalPullWords(value: string): readonly string[] {
  const words = splitLeniently(value)
  return words.flatMap((word, index) => {
    const flag = word.replace(/=.*$/su, '')
    if (flag !== '--module' && !elsewhere.has(flag)) return []
    const hasValue = flag !== word || flag === '--remote' || flag === '-r'
    return hasValue ? [word] : [`${word}=${words[index + 1] ?? ''}`]
  })
}

/**
 * Parses one of those words.
 *
 * @throws Refusal if the container would not find the image
 */
function containerGlobalOption(word: string, files: DeploymentFiles): PullOption | undefined {
  const [, flag = word, value = 'true'] = /^(--?[^=]*)=(.*)$/su.exec(word) ?? []
  const harmless = elsewhere.get(flag)
  if (harmless === undefined) return moduleOption(value, files)
  if (harmless.test(value)) return undefined
  throw new Refusal(
    `with ${flag}, the container would not look for its image in podman's own store`,
    'remove it, or the link',
  )
}

/** The modules of [Container] or [Kube]. Refuses other global options with which the image would not be found. */
export function containerModules(
  reader: SectionReader,
  files: DeploymentFiles,
): readonly PullOption[] {
  const words = reader.picked('GlobalArgs', globalPullWords, word =>
    containerGlobalOption(word, files),
  )
  return [
    ...reader.all('ContainersConfModule', value => moduleOption(value, files)),
    ...words.filter(option => option !== undefined),
  ]
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
