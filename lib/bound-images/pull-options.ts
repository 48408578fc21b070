import type { SectionReader } from '../quadlet/section-reader.ts'
import { Refusal } from '../text/fault.ts'
import type { OptionContext, PrivateFile } from './read-value.ts'
import { pullFlags, type KeyUse, type PullFlag } from './section-keys.ts'

/** One option of `podman` or `podman image pull`. */
export interface PullOption {
  /** The name of the option, like `--authfile`. */
  readonly flag: string
  /** The words on the command line. */
  readonly words: readonly string[]
  /**
   * What the option requests: the same in every deployment and without secrets. Undefined if the option does
   * not affect what is stored on disk.
   */
  readonly identity: string | undefined
  /** Files that podman needs for the option, not yet written. */
  readonly files: readonly PrivateFile[]
}

/** The values that Go accepts as booleans (strconv.ParseBool). */
const goBooleans = /^(?:1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/u

/** Parses an option with a value. `joined` writes both as one word. */
export function valueOption(
  flag: string,
  value: string,
  context: OptionContext,
  joined = false,
): PullOption {
  const { as = flag, read } = pullFlags.get(flag) ?? {}
  if (read === undefined || read === 'switch')
    throw new Refusal(`podman image pull has no option ${flag}`, 'remove it')
  const { text, identity = text, files = [] } = read(value, context)
  const words = joined ? [`${as}=${text}`] : [as, text]
  return { flag: as, words, identity: `${flag}=${identity}`, files }
}

/** Converts the keys of a section to options. */
export function keyOptions(
  keys: Readonly<Record<string, KeyUse>>,
  reader: SectionReader,
  context: OptionContext,
): readonly PullOption[] {
  const options = Object.entries(keys).map(([key, use]) => {
    if (typeof use === 'string') return undefined
    const { flag, read } = use
    if (read !== 'switch')
      return reader.convert(key, text =>
        text === '' ? undefined : valueOption(flag, text, context),
      )
    const value = reader.boolean(key)
    return value === undefined ? undefined : switchOption(use, value ? flag : `${flag}=false`)
  })
  return options.filter(option => option !== undefined)
}

/** Parses the words that `PodmanArgs=` adds to the pull. */
export function parsePodmanArgs(
  words: readonly string[],
  context: OptionContext,
): readonly PullOption[] {
  const options: PullOption[] = []
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, flag = word, joinedValue] = /^(--[^=]*)=(.*)$/su.exec(word) ?? []
    if (flag === '--all-tags' || flag === '-a') throw allTags()
    const option = pullFlags.get(flag)
    if (option?.read === 'switch') options.push(switchOption(option, word, joinedValue))
    else if (joinedValue !== undefined) options.push(valueOption(flag, joinedValue, context, true))
    else if (option === undefined) throw noOption(flag)
    else {
      const value = rest.shift()
      if (value === undefined) throw new Refusal(`${flag} requires a value`, 'add a value')
      options.push(valueOption(flag, value, context))
    }
  }
  return options
}

function switchOption(option: PullFlag, word: string, value = 'true'): PullOption {
  const { flag, isIrrelevant = false } = option
  if (!goBooleans.test(value))
    throw new Refusal(`${flag} takes true or false, not ${value}`, 'write one of them')
  return { flag, words: [word], identity: isIrrelevant ? undefined : word, files: [] }
}

/** Shows the word only up to its first `=`: the rest may be a password. */
function noOption(word: string): Refusal {
  return word.startsWith('-') && word !== '--'
    ? new Refusal(`podman image pull has no option ${word.replace(/=.*$/su, '')}`, 'remove it')
    : new Refusal(
        'a word is not an option: podman would take it for another image',
        'bind another image with a spec of its own',
      )
}

export function allTags(): Refusal {
  return new Refusal(
    'whether all tags are on disk cannot be verified without the registry',
    'write one spec for each tag',
  )
}
