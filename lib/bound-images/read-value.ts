import { createHash } from 'node:crypto'
import type { ByteBudget } from '../root/byte-budget.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'
import { locatePath } from './locate-path.ts'

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
  /** Counts the bytes to copy. */
  readonly copies: ByteBudget
  /** Certificate directories that were already read, by path. */
  readonly certificates: Map<string, OptionValue>
  /** Distinguishes the secrets of this spec from those of others: instances of a template share a file. */
  readonly owner: string
  /** `host[:port]` of the image, if it comes from a registry. */
  readonly registry?: string | undefined
}

/** What the value of an option is converted to. */
export interface OptionValue {
  readonly text: string
  readonly identity?: string
  readonly files?: readonly PrivateFile[]
}

export type ReadValue = (value: string, context: OptionContext) => OptionValue

/** Maximum number of directories for one deployment: each of them is listed. */
const maxDirectories = 100
const maxCertificates = 1000
const maxCertificateBytes = 1024 * 1024

export const policy = oneOf('always', 'missing', 'never', 'newer')

export const retries = matching(/^\d{1,9}$/u, 'a number of attempts', 'write digits only')

/** Less than the 292 years that Go can hold (time.ParseDuration). */
export const duration = matching(
  /^(?:\d{1,9}(?:\.\d+)?(?:ns|us|ms|s)|\d{1,8}(?:\.\d+)?m|\d{1,6}(?:\.\d+)?h)+$/u,
  'a duration',
  'write a number with its unit, like 10s',
)

export function authFile(value: string, { files }: OptionContext): OptionValue {
  return { text: locatePath(files, value, 'file'), identity: value }
}

/** Reads each directory once: specs that name the same one share the result. */
export function certificates(value: string, context: OptionContext): OptionValue {
  const known = context.certificates.get(value)
  if (known === undefined && context.certificates.size >= maxDirectories)
    throw new Refusal(`more than ${maxDirectories} directories of certificates`, 'use fewer')
  const read = known ?? readCertificates(value, context)
  context.certificates.set(value, read)
  return read
}

/**
 * podman reads one directory of this machine. If the directory of the deployment is merged from several, or
 * contains links, podman gets a copy of what the deployment will see.
 */
function readCertificates(value: string, { files, secrets, copies }: OptionContext): OptionValue {
  const located = locatePath(files, value, 'directory')
  if (files.find(value, 'directory') === undefined || files.isInOnePlace(value))
    return { text: located, identity: value }
  const names = files.names(value).map(String)
  if (names.length > maxCertificates)
    throw new Refusal(
      `${value} has ${names.length} entries, the maximum is ${maxCertificates}`,
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
    contents: files.read(`${value}/${name}`, maxCertificateBytes),
  }))
  return { text: copy, identity: value, files: contents }
}

export function platformPart(value: string): OptionValue {
  if (!/^[\w.+-]+(?:\/[\w.+-]+)*$/u.test(value) || value.startsWith('-'))
    throw new Refusal(`${value} is not a platform name`, 'write one like arm64')
  return { text: value }
}

function oneOf(...words: readonly string[]): ReadValue {
  return value => {
    if (!words.includes(value))
      throw new Refusal(`${value} is not a valid value`, `write ${words.join(', ')}`)
    return { text: value }
  }
}

function matching(pattern: RegExp, what: string, remedy: string): ReadValue {
  return value => {
    if (!pattern.test(value)) throw new Refusal(`not ${what}`, remedy)
    return { text: value }
  }
}

/**
 * Every user can read command lines, so podman gets the password in a file. The file is for this registry
 * only.
 */
export function credentials(
  value: string,
  { registry, secrets, owner }: OptionContext,
): OptionValue {
  if (!/^[^:]+:/u.test(value))
    throw new Refusal('not a user and a password', 'write user:password, or use AuthFile=')
  if (registry === undefined)
    throw new Refusal('a password is only valid for an image in a registry', 'remove it')
  const auth = Buffer.from(value).toString('base64')
  const contents = `${JSON.stringify({ auths: { [registry]: { auth } } })}\n`
  const file = secretPath(secrets, `${owner} ${registry}`, 'creds.json')
  // Neither the name nor the identity may reveal anything about the password.
  return { text: file, identity: owner, files: [{ path: file, contents }] }
}

/**
 * `PATH[:PASSPHRASE]`, where the passphrase may be `pass=TEXT` or `file=PATH` (github.com/containers/ocicrypt:
 * helpers/parse_helpers.go, processPrivateKeyFiles and processPwdString).
 */
export function decryptionKey(
  value: string,
  { files, secrets, owner }: OptionContext,
): OptionValue {
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
