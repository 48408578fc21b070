import { Refusal } from '../text/fault.ts'
import { formatTimeSpan, parseTimeSpan } from './time-span.ts'

/** What an administrator can set, checked. Times are whole seconds. */
export interface Settings {
  /** What happens at shutdown when a bound image is missing. */
  readonly gate: 'require' | 'warn' | 'off'
  /** At most this many pulls run at the same time. */
  readonly maxParallel: number
  /** How often a pull is tried in all. */
  readonly retryLimit: number
  /** Before the second try; doubled before each further one. */
  readonly retryDelaySec: number
  /** No delay grows beyond this. */
  readonly retryMaxDelaySec: number
  /** For each try. */
  readonly pullTimeoutSec: number
  /** How long a shutdown may wait for pulls; 0: it does not pull. */
  readonly flushTimeoutSec: number
  /** How long the gate may take; then the deployment does not become the default. */
  readonly gateTimeoutSec: number
  /** How long staging may ask registries; 0: it does not ask. */
  readonly resolveTimeoutSec: number
  /** Root directory of the image store; undefined: podman's own. */
  readonly store: string | undefined
  /** Where bound-image specs are looked for in a deployment; undefined: the usual directories. */
  readonly specDirs: readonly string[] | undefined
}

export const defaultSettings: Settings = {
  gate: 'require',
  maxParallel: 16,
  retryLimit: 6,
  retryDelaySec: 5,
  retryMaxDelaySec: 300,
  pullTimeoutSec: 3600,
  flushTimeoutSec: 600,
  gateTimeoutSec: 60,
  resolveTimeoutSec: 20,
  store: undefined,
  specDirs: undefined,
}

/** How a setting stands in a configuration file. */
export interface SettingKey<Value> {
  readonly key: string
  /** What can be written, for people. */
  readonly values: string
  /** What holds when nothing is written, for people; for a setting whose default is no value. */
  readonly otherwise?: string
  /**
   * Reads the text of one assignment, which is not empty: an empty one means the default.
   *
   * @throws Refusal
   */
  readonly read: (text: string) => NonNullable<Value>
  /** Writes a value so that it reads as the same. */
  readonly write: (value: NonNullable<Value>) => string
  /** For a list, whose assignments add up; of other settings the last assignment counts. */
  readonly join?: (values: readonly NonNullable<Value>[]) => NonNullable<Value>
}

const hour = 3600

/** The section of the configuration file that has the keys. */
export const section = 'BoundImages'

/** Every setting, in the order in which they are shown. */
export const settingKeys: { readonly [Name in keyof Settings]: SettingKey<Settings[Name]> } = {
  gate: word('Gate', ['require', 'warn', 'off']),
  maxParallel: wholeNumber('MaxParallel', 1, 64),
  retryLimit: wholeNumber('RetryLimit', 1, 100),
  retryDelaySec: timeSpan('RetryDelaySec', 0, hour),
  retryMaxDelaySec: timeSpan('RetryMaxDelaySec', 0, 24 * hour),
  // To systemd, a timeout of 0 is none.
  pullTimeoutSec: timeSpan('PullTimeoutSec', 1, 24 * hour),
  flushTimeoutSec: timeSpan('FlushTimeoutSec', 0, hour / 3),
  // Ends before systemd ends it: 90 seconds are the default for a command of a unit.
  gateTimeoutSec: timeSpan('GateTimeoutSec', 5, 80),
  resolveTimeoutSec: timeSpan('ResolveTimeoutSec', 0, 120),
  store: {
    key: 'Store',
    otherwise: "podman's own store",
    values:
      'an absolute path of letters, digits and . _ + - @, not below /dev, /proc, /run, /sys or /tmp',
    read: text => {
      const path = readPath(text)
      if (/^\/(?:dev|proc|run|sys|tmp)(?:\/|$)/u.test(path))
        throw new Refusal('nothing that is stored there outlasts a reboot')
      return path
    },
    write: path => path,
  },
  specDirs: {
    key: 'SpecDirs',
    otherwise: 'the usual directories',
    values: 'absolute paths of letters, digits and . _ + - @, separated by blanks',
    read: text => text.split(/[ \t]+/u).map(readPath),
    write: paths => paths.join(' '),
    join: lists => [...new Set(lists.flat())],
  },
}

/** The names of all settings, in order. */
export const settingNames = Object.keys(settingKeys).filter(
  (name): name is keyof Settings => name in settingKeys,
)

/** The text of a setting's value in a configuration file; empty for the default that has no other. */
export function writeSetting<Name extends keyof Settings>(
  settings: Pick<Settings, Name>,
  name: Name,
): string {
  const setting: SettingKey<Settings[Name]> = settingKeys[name]
  const value: Settings[Name] = settings[name]
  return value === undefined ? '' : setting.write(value)
}

function word<Word extends string>(key: string, words: readonly Word[]): SettingKey<Word> {
  return {
    key,
    values: words.join(', ').replace(/, (?=\w+$)/u, ' or '),
    read: text => {
      const found = words.find(word => word === text)
      if (found === undefined) throw new Refusal('there is no such value')
      return found
    },
    write: text => text,
  }
}

function wholeNumber(key: string, least: number, most: number): SettingKey<number> {
  return {
    key,
    values: `a whole number from ${least} to ${most}`,
    read: text => {
      if (!/^\d+$/u.test(text)) throw new Refusal('this is not a whole number')
      return inRange(Number(text), least, most)
    },
    write: String,
  }
}

function timeSpan(key: string, least: number, most: number): SettingKey<number> {
  return {
    key,
    values: `a time span in whole seconds from ${formatTimeSpan(least)} to ${formatTimeSpan(most)}`,
    read: text => {
      const microseconds = parseTimeSpan(text)
      if (microseconds === undefined) throw new Refusal('this is not a finite time span')
      if (microseconds % 1e6 !== 0) throw new Refusal('this is not a whole number of seconds')
      return inRange(microseconds / 1e6, least, most)
    },
    write: formatTimeSpan,
  }
}

function inRange(value: number, least: number, most: number): number {
  if (value < least) throw new Refusal('this is too little')
  if (value > most) throw new Refusal('this is too much')
  return value
}

/** Only characters that mean nothing to systemd, a shell, podman or the options of a mount. */
function readPath(text: string): string {
  if (!text.startsWith('/')) throw new Refusal(`${text} is not an absolute path`)
  if (!/^[\p{L}\p{M}\p{N}/._+@-]+$/u.test(text))
    throw new Refusal(`${text} has a character that needs care in units`)
  const parts = text.split('/').filter(part => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Refusal(`${text} has .. in it`)
  if (parts.length === 0) throw new Refusal(`${text} is the root directory`)
  const path = `/${parts.join('/')}`
  if (Buffer.byteLength(path) >= 4096 || parts.some(part => Buffer.byteLength(part) > 255))
    throw new Refusal('the path is longer than Linux allows')
  return path
}
