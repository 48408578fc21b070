import { sectionOf } from '../quadlet/quadlet-kind.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

/** Specifiers of systemd.unit(5) that stand for something else in each unit. */
const unitSpecifier = /^(?:[^%]|%[^nNpPiIjJf])*%[nNpPiIjJf]/su

/**
 * Whether the name of the image of a `.image` file, or of the artifact of a `.artifact` file, depends on the unit. Quadlet copies the text of the name into the
 * service of each file that names the `.image` file (podman: pkg/systemd/quadlet/quadlet.go, handleImageSource), where
 * systemd then expands it for that service: it would look for another image than the one that is pulled.
 */
export function namesUnit(file: UnitFile, kind: 'image' | 'artifact'): boolean {
  const keys = file.get(sectionOf[kind])
  const last = (key: string) => keys?.get(key)?.at(-1)?.value ?? ''
  const tag = last('ImageTag')
  return unitSpecifier.test(tag === '' ? last(sectionOf[kind]) : tag)
}
