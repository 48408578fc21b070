import { createHash } from 'node:crypto'
import type { ByteBudget } from '../root/byte-budget.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'
import { locatePath } from './locate-path.ts'

/** One option of `podman` or `podman image pull`. */
export interface PullOption {
  /** Without a value, like `--authfile`. */
  readonly flag: string
  /** The words on the command line. */
  readonly words: readonly string[]
  /**
   * What the option asks for, the same in every deployment and without secrets; undefined when it has no
   * influence on what ends up on disk.
   */
  readonly identity: string | undefined
  /** Files that podman needs for it, still to be written. */
  readonly files: readonly PrivateFile[]
}

/** A file that only root may read, as data. */
export interface PrivateFile {
  readonly path: string
  readonly contents: string | Buffer
}

/** What the value of an option can depend on. */
export interface OptionContext {
  readonly files: DeploymentFiles
  /** Directory for private files. */
  readonly secrets: string
  /** Counts what is copied. */
  readonly copies: ByteBudget
  /** The directories of certificates that were looked at already, by their paths. */
  readonly certificates: Map<string, OptionValue>
  /** Tells the secrets of this spec from those of others. */
  readonly owner: string
  /** `host[:port]` of the image, when a registry has it. */
  readonly registry?: string | undefined
}

/** What an option makes of its value. */
export interface OptionValue {
  readonly text: string
  readonly identity?: string
  /** When another flag than the one that was written takes the value. */
  readonly flag?: string
  readonly files?: readonly PrivateFile[]
}

type ReadValue = (value: string, context: OptionContext) => OptionValue

/**
 * The options of `podman image pull` (podman: cmd/podman/images/pull.go), in the order in which the keys
 * of a spec are written to the command line.
 */
export const valueFlags: ReadonlyMap<string, ReadValue> = new Map<string, ReadValue>(
  Object.entries({
    '--arch': platformPart,
    '--authfile': (value, { files }) => path(files, value, 'file'),
    '--cert-dir': certificates,
    '--creds': credentials,
    '--decryption-key': decryptionKey,
    '--os': platformPart,
    '--platform': platformPart,
    '--policy': oneOf('always', 'missing', 'never', 'newer'),
    '--retry': matching(/^\d{1,9}$/u, 'a number of tries', 'write digits only'),
    '--retry-delay': matching(
      /^(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+$/u,
      'a duration',
      'write a number with its unit, like 10s',
    ),
    '--variant': platformPart,
  }),
)

const mostCertificates = 1000
const mostCertificateBytes = 1024 * 1024

/** What Go's ParseBool takes for true and false. */
const goBooleans = /^(?:1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/u

/** Options that take a value after `=` only. */
export const switchFlags: ReadonlySet<string> = new Set([
  '--disable-content-trust',
  '--quiet',
  '-q',
  '--tls-verify',
])

/** Reads an option with a value; `joined` writes both as one word. */
export function valueOption(
  flag: string,
  value: string,
  context: OptionContext,
  joined = false,
): PullOption {
  const read = valueFlags.get(flag)
  if (read === undefined) throw new Refusal(`podman image pull has no option ${flag}`, 'remove it')
  const { text, identity = text, flag: written = flag, files = [] } = read(value, context)
  const words = joined ? [`${written}=${text}`] : [written, text]
  return { flag: written, words, identity: `${flag}=${identity}`, files }
}

/** Reads the words that `PodmanArgs=` adds to the pull. */
export function parsePodmanArgs(
  words: readonly string[],
  context: OptionContext,
): readonly PullOption[] {
  const options: PullOption[] = []
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, flag = word, joinedValue] = /^(--[^=]*)=(.*)$/su.exec(word) ?? []
    if (flag === '--all-tags' || flag === '-a') throw allTags()
    if (switchFlags.has(flag)) options.push(switchOption(flag, word, joinedValue))
    else if (joinedValue !== undefined) options.push(valueOption(flag, joinedValue, context, true))
    else if (!valueFlags.has(flag)) throw noOption(flag)
    else {
      const value = rest.shift()
      if (value === undefined) throw new Refusal(`${flag} has no value`, 'add one')
      options.push(valueOption(flag, value, context))
    }
  }
  return options
}

function switchOption(flag: string, word: string, value: string | undefined): PullOption {
  if (value !== undefined && !goBooleans.test(value))
    throw new Refusal(`${flag} takes true or false, not ${value}`, 'write one of them')
  return { flag, words: [word], identity: flag === '--tls-verify' ? word : undefined, files: [] }
}

/** The text is shown to its first `=` only: it may hold a password. */
function noOption(word: string): Refusal {
  return word.startsWith('-') && word !== '--'
    ? new Refusal(`podman image pull has no option ${word.replace(/=.*$/su, '')}`, 'remove it')
    : new Refusal(
        'a word is no option: podman would pull it too',
        'bind another image with a spec of its own',
      )
}

export function allTags(): Refusal {
  return new Refusal(
    'nobody can tell without the registry whether all tags are on disk',
    'write one spec for each tag',
  )
}

function path(files: DeploymentFiles, value: string, kind: 'file' | 'directory'): OptionValue {
  return { text: locatePath(files, value, kind), identity: value }
}

/** Specs that name the same directory share what is read of it. */
function certificates(value: string, context: OptionContext): OptionValue {
  const read = context.certificates.get(value) ?? readCertificates(value, context)
  context.certificates.set(value, read)
  return read
}

/**
 * podman reads one directory of this machine. When the deployment's is put together from several, or has
 * links, it gets a copy of what the deployment will see.
 */
function readCertificates(value: string, { files, secrets, copies }: OptionContext): OptionValue {
  const located = locatePath(files, value, 'directory')
  if (files.find(value, 'directory') === undefined || files.isInOnePlace(value))
    return { text: located, identity: value }
  const names = files.names(value).map(String)
  if (names.length > mostCertificates)
    throw new Refusal(
      `${value} has ${names.length} entries; at most ${mostCertificates} are copied`,
      'leave only certificates of registries in it',
    )
  const certificateFiles = names.flatMap(name => {
    const stat = files.follow(`${value}/${name}`)?.stat
    return stat?.isFile() === true ? [{ name, size: stat.size }] : []
  })
  copies.take(
    certificateFiles.reduce((sum, { size }) => sum + size, 0),
    value,
  )
  const copy = secretPath(secrets, value, 'certs')
  const contents = certificateFiles.map(({ name }) => ({
    path: `${copy}/${name}`,
    contents: files.read(`${value}/${name}`, mostCertificateBytes),
  }))
  return { text: copy, identity: value, files: contents }
}

function platformPart(value: string): OptionValue {
  if (!/^[\w.+-]+(?:\/[\w.+-]+)*$/u.test(value) || value.startsWith('-'))
    throw new Refusal(`${value} is no name of a platform`, 'write one like arm64')
  return { text: value }
}

function oneOf(...words: readonly string[]): ReadValue {
  return value => {
    if (!words.includes(value))
      throw new Refusal(`${value} is not known`, `write ${words.join(', ')}`)
    return { text: value }
  }
}

function matching(pattern: RegExp, what: string, remedy: string): ReadValue {
  return value => {
    if (!pattern.test(value)) throw new Refusal(`not ${what}`, remedy)
    return { text: value }
  }
}

/** Every user can read command lines, so podman gets a file. It holds this registry alone. */
function credentials(value: string, { registry, secrets, owner }: OptionContext): OptionValue {
  if (!/^[^:]+:/u.test(value))
    throw new Refusal('not a user and a password', 'write user:password, or use AuthFile=')
  if (registry === undefined) throw new Refusal('only a registry asks for a password', 'remove it')
  const auth = Buffer.from(value).toString('base64')
  const contents = `${JSON.stringify({ auths: { [registry]: { auth } } })}\n`
  const file = secretPath(secrets, `${owner} ${registry}`, 'creds.json')
  // Neither the name nor the identity may tell anything about the password.
  return { text: file, identity: owner, flag: '--authfile', files: [{ path: file, contents }] }
}

/**
 * `PATH[:PASSPHRASE]`, where the passphrase may be `pass=TEXT` or `file=PATH` (github.com/containers/ocicrypt:
 * helpers/parse_helpers.go, processPrivateKeyFiles and processPwdString).
 */
function decryptionKey(value: string, { files, secrets, owner }: OptionContext): OptionValue {
  const [key = '', phrase, ...others] = value.split(':')
  if (others.length > 0 || key === 'provider' || phrase?.startsWith('fd=') === true)
    throw new Refusal(
      'not a key file and a passphrase',
      'write /path/of/key, or /path/of/key:passphrase with no colon in it',
    )
  const located = locatePath(files, key, 'file')
  if (phrase === undefined) return { text: located, identity: key }
  const [, phraseFile] = /^file=(.*)$/su.exec(phrase) ?? []
  if (phraseFile !== undefined)
    return { text: `${located}:file=${locatePath(files, phraseFile, 'file')}`, identity: value }
  const file = secretPath(secrets, `${owner} ${key}`, 'passphrase')
  return {
    text: `${located}:file=${file}`,
    identity: `${key}:${owner}`,
    files: [{ path: file, contents: phrase.replace(/^pass=/u, '') }],
  }
}

function secretPath(directory: string, use: string, kind: string): string {
  const id = createHash('sha256').update(use).digest('hex').slice(0, 16)
  return `${directory}/${id}.${kind}`
}
