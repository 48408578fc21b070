import type { HostFacts } from '../facts/facts.ts'
import { writtenAtStaging, type UnitText } from './unit-text.ts'

/** The units that must stop before the image store is unmounted; see the Makefile. */
const units = [
  'bootc-bound-images-boot.service',
  'bootc-bound-images-gate.service',
  'bootc-bound-images-repair.service',
  'bootc-bound-images-settle.service',
  'bootc-bound-images-stage.service',
  'bootc-bound-images-wait.service',
  'bootc-pending-.service',
]

/** The mounts in units/10-store.conf. */
const shipped = /^var(?:-lib(?:-containers(?:-storage)?)?)?\.(?:auto)?mount$/u

/**
 * Renders drop-ins that order units after the mounts of the image store. None if the shipped drop-ins name all of its
 * mounts.
 */
export function renderStoreDropIns({
  mounts = [],
}: Pick<HostFacts, 'mounts'>): readonly UnitText[] {
  const names = mounts.filter(name => !shipped.test(name)).toSorted()
  if (names.length === 0) return []
  const contents = [
    writtenAtStaging,
    '# The mounts of what podman names; see 10-store.conf.',
    '[Unit]',
    `After=${names.join(' ')}`,
    '',
  ].join('\n')
  return units.map(unit => ({ name: `${unit}.d/20-store.conf`, contents }))
}
