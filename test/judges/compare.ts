import { normalize } from 'node:path/posix'
import type { Fault } from '../../lib/text/fault.ts'
import type { Judgement } from './judge-specs.ts'

/** A way in which this product is meant to differ from Quadlet; docs/quadlet-differences.md says why. */
interface Difference {
  /** In the reason of a refusal of ours, where Quadlet reads a file. */
  readonly refusal?: RegExp
  /** In the message of Quadlet, where it refuses what we read. */
  readonly quadletRefusal?: RegExp
  /** Makes of Quadlet's words what ours are. */
  readonly convert?: (words: readonly string[]) => readonly string[]
  /** Makes of our words what Quadlet's are. */
  readonly convertOurs?: (words: readonly string[]) => readonly string[]
}

/** What is said of a line only because of what was found before. */
const followUp = /^assignment outside of any section$|^\d+ more faults are not listed$/u

/** By the name that the document has for it. */
export const differences: Readonly<Record<string, Difference>> = {
  'broken-drop-in': { refusal: /^drop-in: (?:this is (?:not|neither)|assignment outside of)/u },
  'odd-white-space': { refusal: /^white space other than blank and tab$/u },
  'carriage-return': { refusal: /^a carriage return without a line feed$/u },
  nul: { refusal: /^the file holds a NUL byte$/u },
  'not-utf-8': { refusal: /^the file is not UTF-8 text$/u },
  noncharacter: { refusal: /^the file contains a noncharacter code point/u },
  'too-large': {
    refusal:
      /^the file has \d+ bytes, the maximum is \d+$|^the drop-ins exceed \d+ bytes in total$|^(?:the drop-.* have )?more than \d+ (?:values|entries)$/u,
  },
  'empty-line-in-value': { refusal: /^an empty line inside a continued line$/u },
  'blank-after-backslash': { refusal: /^white space after the backslash at the end of the line$/u },
  'two-backslashes': { refusal: /^more than one backslash at the end of the line$/u },
  'backslash-at-the-end': { refusal: /^the file ends inside a continued line$/u },
  'continued-scalar': { refusal: /^the value spans several lines$/u },
  'continued-word': { refusal: /^a word spans two lines/u },
  'odd-header': { refusal: /^this is not a section header$/u },
  'odd-line': { refusal: /^this is neither a section, a comment nor Key=value$/u },
  quotes: { refusal: /^podman versions handle these quotes differently$/u },
  boolean: { refusal: /^not a boolean$/u },
  reference: { refusal: /^not an image reference(?:: |$)|^an image name has at most/u },
  'short-name': { refusal: /^registries\.conf of the root has neither/u },
  'image-unit': { refusal: /^a \.image file cannot refer to another unit$/u },
  transport: { refusal: /^images cannot be bound from /u },
  'archive-name': { refusal: /^an image from [a-z-]+: needs a name$/u },
  'image-tag': { refusal: /^containers would use .*, but podman pulls /u },
  environment: {
    refusal: /^\w+ changes what podman pulls, but|^the value cannot be split into words$/u,
  },
  'archive-reference': { refusal: /^not a reference inside an archive$/u },
  template: { refusal: /^a template cannot be bound$/u },
  'service-name': { refusal: / is not the name of a unit$/su },
  'relative-path': { refusal: /^not an absolute path$/u },
  'control-in-path': { refusal: /^a path with control characters$/u },
  'module-setting': {
    refusal: /which a pull for an OS that is not booted yet|Invalid TOML document/u,
  },
  'missing-file': { refusal: /^the root has no (?:file|directory|module) /u },
  'no-password': { refusal: /^not a user and a password$/u },
  'password-of-a-file': { refusal: /^a password is only valid for an image in a registry$/u },
  'two-secrets': { refusal: /^more than one password for the same registry/u },
  'key-form': { refusal: /^not a key file and a passphrase$/u },
  platform: { refusal: / is not a platform name$/u },
  'two-platforms': { refusal: /^--platform cannot be combined with Arch=/u },
  policy: { refusal: / is not a valid value$/u },
  retry: { refusal: /^not (?:a number of attempts|a duration)$/u },
  'all-tags': { refusal: /^whether all tags are on disk cannot be verified/u },
  'pull-option': { refusal: /^podman image pull has no option /u },
  'another-image': {
    refusal: /^a word is not an option: podman would take it for another image$/u,
  },
  'no-value': { refusal: / requires a value$/u },
  'switch-value': { refusal: / takes true or false, not /u },
  'global-option': {
    refusal: / is not supported: a bound image must be pulled into podman's own store$/u,
  },
  'global-value': { refusal: /^podman does not take .* for --/su },
  escape: { refusal: /^unknown escape \\|^\\.* is not one character$/su },
  'empty-word': { refusal: /^an empty word: Quadlet drops all words after it$/u },
  'open-quote': { refusal: /^unterminated ["']$/u },
  'control-in-word': { refusal: /^a word holds a control character$/u },
  specifier: { refusal: /^specifier %/u },
  variable: { refusal: /^variables \(/u },
  semicolon: { refusal: /^systemd takes a single ; for the start of another command$/u },
  'empty-value': {
    convert: words => words.filter((word, at) => word !== '' && words[at + 1] !== ''),
  },
  'no-image': { refusal: /^no image is named$/u },
  'other-dependency': { quadletRefusal: /unable to translate dependency for / },
  'retry-keys': { quadletRefusal: /unsupported key '(?:Retry|RetryDelay)' in group 'Image'/u },
  'policy-key': { quadletRefusal: /unsupported key 'Policy' in group 'Image'/u },
  'full-name': { convert: words => [...words.slice(0, -1), fullName(words.at(-1) ?? '')] },
  module: {
    convert: words => words.map(word => word.replace(/^--module=(?!\/)/u, `$&${modules}`)),
  },
  'another-kind': {
    convertOurs: words => words.map(word => word.replace(/\/is-not-a-[a-z-]+$/u, '')),
  },
  'plain-path': {
    convert: words => words.map(plainPath),
    convertOurs: words => words.map(plainPath),
  },
  passphrase: { convert: words => words.map(word => word.replace(/^([^=]*\.pem:)pass=/su, '$1')) },
  'secret-file': {},
  'two-logins': { convert: withoutAuthFileBesideCreds },
}

const modules = '/etc/containers/containers.conf.modules/'

/**
 * @returns the names of the differences that explain a judgement, none when both mean the same, or
 * undefined when nothing explains it
 */
export function explain({ quadlet, ours }: Judgement): readonly string[] | undefined {
  if ('words' in ours) {
    if ('words' in quadlet) {
      const names = explainWords(quadlet.words, ours.words)
      return isSame(ours.words, ours.command) ? names : names?.concat('secret-file')
    }
    const name = Object.entries(differences).find(
      ([, { quadletRefusal }]) => quadletRefusal?.test(quadlet.refusal) === true,
    )?.[0]
    return name === undefined ? undefined : [name]
  }
  if (!('words' in quadlet)) return []
  const names = ours.faults
    .filter(({ reason }, index) => index === 0 || !followUp.test(reason))
    .map(explainRefusal)
  return names.every(name => name !== undefined) ? names : undefined
}

function explainRefusal({ file, reason }: Fault): string | undefined {
  const texts = file === undefined ? [reason] : [`drop-in: ${reason}`, reason]
  return Object.entries(differences).find(([, { refusal }]) =>
    texts.some(text => refusal?.test(text) === true),
  )?.[0]
}

function explainWords(
  quadlet: readonly string[],
  ours: readonly string[],
): readonly string[] | undefined {
  const names: string[] = []
  let [theirs, mine] = [quadlet, ours]
  for (const [name, { convert, convertOurs }] of Object.entries(differences)) {
    const [theirsBefore, mineBefore] = [theirs, mine]
    theirs = convert?.(theirs) ?? theirs
    mine = convertOurs?.(mine) ?? mine
    if (!isSame(theirs, theirsBefore) || !isSame(mine, mineBefore)) names.push(name)
  }
  return isSame(theirs, mine) ? names : undefined
}

/** Quadlet's options have no order (podman: pkg/systemd/quadlet/quadlet.go, a map of Go). */
function isSame(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted())
}

/** The name by which podman finds an image of a registry (github.com/distribution/reference, normalize.go). */
export function fullName(image: string): string {
  if (/^(?:dir|docker-archive|oci|oci-archive):/u.test(image)) return image
  return image
    .replace(/^docker:\/\//u, '')
    .replace(/^(?:index\.)?docker\.io\/([^/]+)$/u, 'docker.io/library/$1')
    .replace(/:[^:/@]+@/u, '@')
    .replace(/^(?!.*@)(.*\/[^:]+)$/u, '$1:latest')
}

function plainPath(word: string): string {
  const [, flag = '', path] = /^(--[a-z-]+=)?(\/.*)$/su.exec(word) ?? []
  return path === undefined ? word : flag + normalize(path).replace(/(?<=.)\/$/u, '')
}

/** podman prefers `--creds`, wherever it stands, and of several options of a kind the last. */
function withoutAuthFileBesideCreds(words: readonly string[]): readonly string[] {
  const last = words.findLastIndex(word => /^--creds(?:=|$)/su.test(word))
  if (last < 0) return words
  return words.filter((word, at) => {
    const option = /^--(?:authfile|creds)$/u.test(words[at - 1] ?? '') ? at - 1 : at
    return option === last || !/^--(?:authfile|creds)(?:=|$)/su.test(words[option] ?? '')
  })
}
