import { Refusal, type Fault } from '../text/fault.ts'
import type { UnitFile } from './unit-file.ts'
import { expandSpecifiers } from './expand.ts'
import { SectionReader } from './section-reader.ts'
import type { Specifiers } from './specifiers.ts'
import { splitAnyWords } from './split-words.ts'

/** The variables that set logins, registries, policies and stores of podman and its libraries. */
const pullVariable = /^(REGISTRY_AUTH_FILE|CONTAINERS_\w*)=/u

/**
 * Reports each `Environment=` in [Service] that changes the login or the registry of a pull. Quadlet passes
 * it to systemd, so it would apply to a pull on the booted system, but not to the pulls before the reboot.
 */
export function environmentFaults(unitFile: UnitFile, specifiers: Specifiers): readonly Fault[] {
  const reader = new SectionReader(unitFile, 'Service', specifiers)
  reader.checkEach('Environment', value => {
    for (const word of environmentWords(value)) {
      // systemd expands the whole word (src/core/load-fragment.c, config_parse_environ). Only the name
      // matters here.
      const assignment = word.replace(/^[^=]+/u, name => expandSpecifiers(name, specifiers))
      const [, variable] = pullVariable.exec(assignment) ?? []
      if (variable !== undefined)
        throw new Refusal(
          `${variable} changes what podman pulls, but only on the booted system`,
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
