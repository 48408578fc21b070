import { Refusal } from '../text/fault.ts'

/**
 * Returns the value of a specifier letter.
 *
 * @throws Refusal for a value that only a booted system knows
 */
export type Specifiers = (letter: string) => string

/** What the specifiers of units in a deployment depend on. */
export interface SpecifierFacts {
  /** os-release(5) of the deployment. Undefined if it has none. */
  readonly osRelease: ReadonlyMap<string, string> | undefined
  /** Machine ID of the host to update. Undefined if the deployment is read without a host. */
  readonly machineId: string | undefined
  /** systemd version of the deployment. Undefined if it is unknown. */
  readonly systemdVersion: number | undefined
  /** Name that systemd uses, like `x86-64`. */
  readonly architecture: string
}

const constant: Readonly<Record<string, string>> = {
  E: '/etc',
  C: '/var/cache',
  L: '/var/log',
  S: '/var/lib',
  t: '/run',
  T: '/tmp',
  V: '/var/tmp',
  h: '/root',
  u: 'root',
  g: 'root',
  U: '0',
  G: '0',
}

const osReleaseFields: Readonly<Record<string, string>> = {
  o: 'ID',
  w: 'VERSION_ID',
  W: 'VARIANT_ID',
  B: 'BUILD_ID',
  M: 'IMAGE_ID',
  A: 'IMAGE_VERSION',
}

const refused: Readonly<Record<string, string>> = {
  b: 'the boot ID is new at every boot',
  H: 'the host name is known only on the booted system',
  l: 'the host name is known only on the booted system',
  q: 'the host name is known only on the booted system',
  v: 'the kernel release is known only on the booted system',
  d: 'the credentials directory exists only while the unit runs',
  s: "the user's shell is chosen when systemd is built",
  y: 'the unit file does not exist yet',
  Y: 'the unit file does not exist yet',
  c: 'systemd no longer documents control group specifiers',
  r: 'systemd no longer documents control group specifiers',
  R: 'systemd no longer documents control group specifiers',
}

/** Maximum number of characters that the specifiers of one file expand to. Far above any real file. */
const maxExpanded = 16 * 1024

/**
 * Specifiers for one file, whose values can be of any length or content: those of os-release come from the OS image.
 *
 * @throws Refusal when all values together exceed a maximum, or one holds a control character
 */
export function bounded(specifiers: Specifiers): Specifiers {
  let length = 0
  return letter => {
    const value = specifiers(letter)
    if (/\p{Cc}/u.test(value))
      throw new Refusal(
        `specifier %${letter}: its value holds a control character`,
        'write the value itself, or mend os-release',
      )
    length += value.length
    if (length > maxExpanded)
      throw new Refusal(
        `specifier %${letter}: the specifiers of this file expand to more than ${maxExpanded} characters`,
        'write the values themselves, or mend os-release',
      )
    return value
  }
}

/** The first systemd version with %D. */
const sharedDataVersion = 256

/**
 * The specifiers of a unit as systemd of the deployment will expand them (systemd.unit(5), "Specifiers";
 * src/core/unit-printf.c).
 *
 * @param unit name of the service that Quadlet generates, like `web-image.service`
 */
export function unitSpecifiers(unit: string, facts: SpecifierFacts): Specifiers {
  return letter => {
    const value = constant[letter] ?? ofUnit(unit, letter) ?? ofDeployment(facts, letter)
    if (value !== undefined) return value
    throw new Refusal(
      `specifier %${letter}: ${refused[letter] ?? 'systemd knows no such specifier'}`,
      'write the value itself, and %% for a percent sign',
    )
  }
}

function ofUnit(unit: string, letter: string): string | undefined {
  const name = unit.replace(/\.service$/u, '')
  const prefix = name.replace(/@.*$/su, '')
  const instance = name.slice(prefix.length + 1)
  const lastPart = prefix.slice(prefix.lastIndexOf('-') + 1)
  switch (letter) {
    case 'n':
      return unit
    case 'N':
      return name
    case 'p':
      return prefix
    case 'P':
      return unescapeName(prefix)
    case 'i':
      return instance
    case 'I':
      return unescapeName(instance)
    case 'j':
      return lastPart
    case 'J':
      return unescapeName(lastPart)
    case 'f':
      return unescapePath(name.includes('@') ? instance : prefix)
    default:
      return undefined
  }
}

function ofDeployment(facts: SpecifierFacts, letter: string): string | undefined {
  const field = osReleaseFields[letter]
  if (field !== undefined) {
    if (facts.osRelease === undefined)
      throw new Refusal(`specifier %${letter}: the root has no os-release file`, 'add one')
    return facts.osRelease.get(field) ?? ''
  }
  switch (letter) {
    case 'a':
      return facts.architecture
    case 'm':
      if (facts.machineId === undefined)
        throw new Refusal(
          'specifier %m: the machine ID is known only on the updated host',
          'write the value itself',
        )
      return facts.machineId
    case 'D':
      if (facts.systemdVersion === undefined || facts.systemdVersion < sharedDataVersion)
        throw new Refusal(
          `specifier %D: systemd ${sharedDataVersion} or newer is required`,
          'write /usr/share',
        )
      return '/usr/share'
    default:
      return undefined
  }
}

/** Unescapes a part of a unit name (src/basic/unit-name.c, unit_name_unescape). */
function unescapeName(name: string): string {
  const bytes = Buffer.from(name)
    .toString('latin1')
    .replaceAll('-', '/')
    .replaceAll(/\\(?:x([0-9a-fA-F]{2}))?/gu, (_all, hex: string | undefined) => {
      if (hex === undefined || hex === '00')
        throw new Refusal(`the unit name part ${name} cannot be unescaped`)
      return String.fromCharCode(parseInt(hex, 16))
    })
  return Buffer.from(bytes, 'latin1').toString()
}

/** Unescapes a path (src/basic/unit-name.c, unit_name_path_unescape). */
function unescapePath(name: string): string {
  if (name === '-') return '/'
  const path = unescapeName(name)
  if (path.split('/').some(part => part === '' || part === '.' || part === '..'))
    throw new Refusal(`the unit name part ${name} is not a path`)
  return `/${path}`
}

/** The name that systemd uses for an architecture of Node (src/basic/architecture.c). */
export function systemdArchitecture(architecture: string = process.arch): string {
  const names: Readonly<Record<string, string>> = {
    x64: 'x86-64',
    ia32: 'x86',
    arm64: 'arm64',
    arm: 'arm',
    ppc64: 'ppc64-le',
    s390x: 's390x',
    riscv64: 'riscv64',
    loong64: 'loongarch64',
  }
  return names[architecture] ?? architecture
}
