import type { HostFacts } from '../facts/facts.ts'
import { defaultStore } from '../facts/image-store.ts'
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
 * Renders drop-ins that order units after the mounts of the image store, and one for what podman mounts in it. None if
 * the shipped drop-ins name all of its mounts.
 */
export function renderStoreDropIns({
  mounts = [],
  imageStore: { directory },
}: Pick<HostFacts, 'mounts' | 'imageStore'>): readonly UnitText[] {
  const overlay = directory === defaultStore.directory ? [] : renderOverlay(directory)
  const names = mounts.filter(name => !shipped.test(name)).toSorted()
  if (names.length === 0) return overlay
  const contents = [
    writtenAtStaging,
    '# The mounts of what podman names; see 10-store.conf.',
    '[Unit]',
    `After=${names.join(' ')}`,
    '',
  ].join('\n')
  return [...overlay, ...units.map(unit => ({ name: `${unit}.d/20-store.conf`, contents }))]
}

/** See units/50-bootc-bound-images-overlay.conf. */
function renderOverlay(directory: string): readonly UnitText[] {
  const contents = `${writtenAtStaging}\n[Unit]\nDefaultDependencies=no\n`
  return ['', '-'].map(suffix => ({
    name: `${escapePath(`${directory}/overlay`)}${suffix}.mount.d/50-bootc-bound-images-overlay.conf`,
    contents,
  }))
}

/** The name of the unit for an absolute path (systemd.unit(5), "String Escaping for Inclusion in Unit Names"). */
function escapePath(path: string): string {
  const escaped = path
    .slice(1)
    .replaceAll(/[^\w:./]/gu, character =>
      [...Buffer.from(character)].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    )
  return escaped.replace(/^\./u, String.raw`\x2e`).replaceAll('/', '-')
}
