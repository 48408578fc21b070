import { Refusal } from '../text/fault.ts'
import { formatTimeSpan, parseTimeSpan } from './time-span.ts'

/** The validated settings of an administrator. Times are in whole seconds. */
export interface Settings {
  /** What happens at shutdown if a bound image is missing. */
  readonly gate: 'require' | 'warn' | 'off'
  /** Maximum number of concurrent pulls. */
  readonly maxParallel: number
  /** Maximum delay of the first attempts after a staging. Each host has another one. */
  readonly randomizedDelaySec: number
  /** Maximum number of attempts of a pull, including the first. */
  readonly retryLimit: number
  /** Delay before the second attempt. Doubled before each further attempt. A random part of up to half is added. */
  readonly retryDelaySec: number
  /** Maximum delay between two attempts, without the random part. */
  readonly retryMaxDelaySec: number
  /** How long an attempt may receive nothing. */
  readonly stallTimeoutSec: number
  /** Timeout of each attempt. */
  readonly pullTimeoutSec: number
  /** Maximum time that a shutdown waits for pulls. 0: it does not pull. */
  readonly flushTimeoutSec: number
  /** Timeout of the gate. After a timeout, the deployment does not become the default. */
  readonly gateTimeoutSec: number
  /** Timeout of registry queries at staging. 0: staging does not query registries. */
  readonly resolveTimeoutSec: number
  /** Root directory of the image store. Undefined for the store of podman. */
  readonly store: string | undefined
  /** Directories of bound-image specs in a deployment. Undefined for the default directories. */
  readonly specDirs: readonly string[] | undefined
}

export const defaultSettings: Settings = {
  gate: 'require',
  maxParallel: 16,
  randomizedDelaySec: 0,
  retryLimit: 6,
  retryDelaySec: 5,
  retryMaxDelaySec: 300,
  stallTimeoutSec: 120,
  pullTimeoutSec: 86_400,
  flushTimeoutSec: 600,
  gateTimeoutSec: 60,
  resolveTimeoutSec: 20,
  store: undefined,
  specDirs: undefined,
}

/**
 * The store of `Store=dedicated`, which podman only reads. SELinux lets containers read what is below /var/lib/shared
 * (container-selinux: container.fc).
 */
export const dedicatedStore = '/var/lib/shared/bootc-bound-images'

/** A setting in a configuration file. */
export interface SettingKey<Value> {
  readonly key: string
  /** Valid values, for people. */
  readonly values: string
  /** The default, for people. Only for a setting whose default has no value. */
  readonly defaultText?: string
  /**
   * Parses the text of one assignment. The text is never empty: an empty assignment restores the default.
   *
   * @throws Refusal
   */
  readonly read: (text: string) => NonNullable<Value>
  /** Formats a value so that `read` returns the same value. */
  readonly write: (value: NonNullable<Value>) => string
  /** Joins the assignments of a list. For all other settings, the last assignment counts. */
  readonly join?: (values: readonly NonNullable<Value>[]) => NonNullable<Value>
}

const hour = 3600

/** The section of the configuration file that contains the keys. */
export const section = 'BoundImages'

/** All settings, in display order. */
export const settingKeys: { readonly [Name in keyof Settings]: SettingKey<Settings[Name]> } = {
  gate: word('Gate', ['require', 'warn', 'off']),
  maxParallel: wholeNumber('MaxParallel', 1, 64),
  randomizedDelaySec: timeSpan('RandomizedDelaySec', 0, 12 * hour),
  retryLimit: wholeNumber('RetryLimit', 1, 100),
  retryDelaySec: timeSpan('RetryDelaySec', 0, hour),
  retryMaxDelaySec: timeSpan('RetryMaxDelaySec', 0, 24 * hour),
  stallTimeoutSec: timeSpan('StallTimeoutSec', 1, 24 * hour),
  // systemd takes a timeout of 0 for none.
  pullTimeoutSec: timeSpan('PullTimeoutSec', 1, 24 * hour),
  flushTimeoutSec: timeSpan('FlushTimeoutSec', 0, hour / 3),
  // Shorter than the default timeout of systemd for a command of a unit, which is 90 seconds.
  gateTimeoutSec: timeSpan('GateTimeoutSec', 5, 80),
  resolveTimeoutSec: timeSpan('ResolveTimeoutSec', 0, 120),
  store: {
    key: 'Store',
    defaultText: "podman's own store",
    values:
      'dedicated, or an absolute path of letters, digits and . _ + - @, not below /dev, /proc, /run, /sys or /tmp',
    read: text => {
      if (text === 'dedicated') return dedicatedStore
      const path = readPath(text)
      if (/^\/(?:dev|proc|run|sys|tmp)(?:\/|$)/u.test(path))
        throw new Refusal('files there may not survive a reboot')
      // /usr/lib/bootc/storage leads there (bootc: crates/lib/src/podstorage.rs).
      if (/\/bootc\/storage(?:\/|$)/u.test(path))
        throw new Refusal('this is a store of bootc, which removes what its own images do not need')
      return path
    },
    write: path => (path === dedicatedStore ? 'dedicated' : path),
  },
  specDirs: {
    key: 'SpecDirs',
    defaultText: 'the usual directories',
    values: 'absolute paths of letters, digits and . _ + - @, separated by blanks',
    read: text => text.split(/[ \t]+/u).map(readPath),
    write: paths => paths.join(' '),
    join: lists => [...new Set(lists.flat())],
  },
}

/** The names of all settings, in display order. */
export const settingNames = Object.keys(settingKeys).filter(
  (name): name is keyof Settings => name in settingKeys,
)

/** The text of a setting in a configuration file. Empty for a default without a value. */
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
      if (found === undefined) throw new Refusal('unknown value')
      return found
    },
    write: text => text,
  }
}

function wholeNumber(key: string, min: number, max: number): SettingKey<number> {
  return {
    key,
    values: `a whole number from ${min} to ${max}`,
    read: text => {
      if (!/^\d+$/u.test(text)) throw new Refusal('this is not a whole number')
      return inRange(Number(text), min, max)
    },
    write: String,
  }
}

function timeSpan(key: string, min: number, max: number): SettingKey<number> {
  return {
    key,
    values: `a time span in whole seconds from ${formatTimeSpan(min)} to ${formatTimeSpan(max)}`,
    read: text => {
      const microseconds = parseTimeSpan(text)
      if (microseconds === undefined) throw new Refusal('this is not a finite time span')
      if (microseconds % 1e6 !== 0) throw new Refusal('this is not a whole number of seconds')
      return inRange(microseconds / 1e6, min, max)
    },
    write: formatTimeSpan,
  }
}

function inRange(value: number, min: number, max: number): number {
  if (value < min) throw new Refusal('the value is below the minimum')
  if (value > max) throw new Refusal('the value exceeds the maximum')
  return value
}

/** Accepts only characters without a special meaning to systemd, a shell, podman and mount options. */
function readPath(text: string): string {
  if (!text.startsWith('/')) throw new Refusal(`${text} is not an absolute path`)
  if (!/^[\p{L}\p{M}\p{N}/._+@-]+$/u.test(text))
    throw new Refusal(`${text} contains a character that is not allowed`)
  const parts = text.split('/').filter(part => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Refusal(`${text} contains ..`)
  if (parts.length === 0) throw new Refusal(`${text} is the root directory`)
  const path = `/${parts.join('/')}`
  if (Buffer.byteLength(path) >= 4096 || parts.some(part => Buffer.byteLength(part) > 255))
    throw new Refusal('the path is longer than Linux allows')
  return path
}
