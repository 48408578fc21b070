import { Refusal, type Fault } from '../text/fault.ts'
import type { UnitFile } from './unit-file.ts'
import { expandSpecifiers } from './expand.ts'
import { SectionReader } from './section-reader.ts'
import type { Specifiers } from './specifiers.ts'
import { splitAnyWords } from './split-words.ts'

/** What podman and its libraries take logins, registries, policies and stores from. */
const decisive = /^(REGISTRY_AUTH_FILE|CONTAINERS_\w*)=/u

/**
 * Faults `Environment=` of [Service] that decides by which login, or from which registry, an image comes. Quadlet
 * hands it on to systemd, so it would hold for the pull of the booted system, but for none of ours.
 */
export function environmentFaults(unitFile: UnitFile, specifiers: Specifiers): readonly Fault[] {
  const reader = new SectionReader(unitFile, 'Service', specifiers)
  reader.handedOn('Environment', value => {
    for (const word of environmentWords(value)) {
      // systemd expands the whole word (src/core/load-fragment.c, config_parse_environ); here the name counts.
      const assignment = word.replace(/^[^=]+/u, name => expandSpecifiers(name, specifiers))
      const [, variable] = decisive.exec(assignment) ?? []
      if (variable !== undefined)
        throw new Refusal(
          `${variable} changes what podman pulls, but on the booted system only`,
          'use AuthFile= of a .image file, the files in /etc/containers, or a drop-in of bootc-pending-.service',
        )
    }
  })
  return reader.faults
}

function environmentWords(value: string): readonly string[] {
  try {
    return splitAnyWords(value)
  } catch {
    return [] // systemd ignores a value that it cannot split
  }
}
