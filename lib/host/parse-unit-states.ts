import type { MountUnit } from '../facts/store-mounts.ts'
import { fields } from '../fields.ts'

/** State of a unit, see org.freedesktop.systemd1(5). */
export interface LoadedUnit {
  readonly unit: string
  /** `loaded`, `not-found`, `masked`, ... */
  readonly load: string
  /** `active`, `activating`, `failed`, `inactive`, ... */
  readonly active: string
  /** `start`, `auto-restart`, `exited`, ... */
  readonly sub: string
  /** Whether a job for the unit is queued or running. */
  readonly hasJob: boolean
}

/** Parses the output of `systemctl list-units --output=json`. */
export function parseUnitList(output: string): readonly LoadedUnit[] {
  const units: unknown = JSON.parse(output)
  return (Array.isArray(units) ? units : []).map(each => {
    const unit = fields(each)
    const value = (key: string) => (typeof unit[key] === 'string' ? unit[key] : '')
    return {
      unit: value('unit'),
      load: value('load'),
      active: value('active'),
      sub: value('sub'),
      hasJob: value('job') !== '',
    }
  })
}

/** Parses the output of `systemctl show` for several units. */
export function parseUnitStates(output: string): readonly LoadedUnit[] {
  return parseProperties(output).map(value => ({
    unit: value('Id'),
    load: value('LoadState'),
    active: value('ActiveState'),
    sub: value('SubState'),
    hasJob: value('Job') !== '',
  }))
}

/** Parses the output of `systemctl show` for mounts and automounts. */
export function parseMountUnits(output: string): readonly MountUnit[] {
  return parseProperties(output)
    .map(value => ({
      unit: value('Id'),
      where: value('Where'),
      isActive: value('ActiveState') === 'active',
      isWanted: value('FragmentPath') !== '' && `${value('WantedBy')}${value('RequiredBy')}` !== '',
      isRemote: value('After').split(' ').includes('remote-fs-pre.target'),
    }))
    .filter(({ unit, where }) => /^[\w:.@\\-]+$/u.test(unit) && where.startsWith('/'))
}

/** @returns for each unit, a function that gives the value of a property */
function parseProperties(output: string): readonly ((key: string) => string)[] {
  return output
    .trim()
    .split(/\n\n+/u)
    .map(block => {
      const values = new Map(
        block.split('\n').map(line => {
          const equals = line.indexOf('=')
          return [line.slice(0, equals), line.slice(equals + 1)] as const
        }),
      )
      return key => values.get(key) ?? ''
    })
}
