import { basename } from 'node:path'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import type { DropIns } from '../quadlet/drop-ins.ts'
import { readUnitFile } from '../quadlet/read-unit-file.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import type { Fault } from '../text/fault.ts'

const keys = { '--authfile': 'AuthFile', '--cert-dir': 'CertDir' } as const

/**
 * Where a spec sets an option of its pull: the last assignment of the key, or else the last `PodmanArgs=` with the option.
 * The whole file if this finds neither.
 */
export function optionPlace(
  files: DeploymentFiles,
  dropIns: DropIns,
  { file, boundImage: { origin } }: BoundImageSpec,
  flag: keyof typeof keys,
): Pick<Fault, 'file' | 'line' | 'key'> {
  const path = origin.file ?? file
  if (path === undefined) return { key: 'authfile' } // of a .toml, which has no other
  const { unitFile } = readUnitFile(files, dropIns, path, basename(path))
  for (const [key, isOption] of [
    [keys[flag], () => true],
    ['PodmanArgs', (value: string) => value.includes(flag)],
  ] as const) {
    const all = [...unitFile.values()].flatMap(section => section.get(key) ?? [])
    const last = all.findLast(({ value }) => isOption(value))
    if (last !== undefined) return { file: last.file ?? path, line: last.line, key }
  }
  return { file: path }
}
