import { Refusal, type Fault } from '../text/fault.ts'
import { SectionReader } from '../quadlet/section-reader.ts'
import type { Specifiers } from '../quadlet/specifiers.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

/** An image that a container mounts, besides the one that it runs. */
export interface MountedImage {
  /** A reference, or the name of a `.image` file. */
  readonly text: string
  /** Where it is named. */
  readonly origin: Pick<Fault, 'file' | 'line' | 'key'>
}

interface MountedImages {
  readonly images: readonly MountedImage[]
  readonly faults: readonly Fault[]
}

/** A `.volume` file, and the specifiers of its service. */
export interface VolumeFile {
  readonly path: string
  readonly unitFile: UnitFile
  readonly specifiers: Specifiers
}

/**
 * The images that must be on disk before the container of a `.container` file can start, besides its own: podman pulls
 * none of them (podman: pkg/systemd/quadlet/quadlet.go, resolveContainerMountParams and handleStorageSource;
 * podman-systemd.unit(5), `Mount=`, `Volume=` and `[Volume]`). Leaves out what nobody can pull: images that are built on
 * the host.
 *
 * @param readVolume reads a `.volume` file of this name; undefined if there is none
 */
export function mountedImages(
  unitFile: UnitFile,
  specifiers: Specifiers,
  readVolume: (name: string) => VolumeFile | undefined,
): MountedImages {
  const reader = new SectionReader(unitFile, 'Container', specifiers)
  const mounts = reader.all('Mount', (value, place) => ({ ...readMount(value), place }))
  const mounted = mounts.flatMap(({ type, source, place }) =>
    type === 'image' ? [{ text: source, origin: { ...place, key: 'Mount' } }] : [],
  )
  const volumes = [
    ...reader.all('Volume', value => value.replace(/:.*$/su, '')),
    ...mounts.flatMap(({ type, source }) => (type === 'volume' ? [source] : [])),
  ]
  const faults = [...reader.faults]
  const inVolumes = [...new Set(volumes)].flatMap(name => {
    const volume = name.endsWith('.volume') ? readVolume(name) : undefined
    if (volume === undefined) return []
    const inVolume = imageOfVolume(volume)
    faults.push(...inVolume.faults)
    return inVolume.images
  })
  return {
    images: [...mounted, ...inVolumes].filter(({ text }) => !isBuiltHere(text)),
    faults,
  }
}

/** A volume without `Driver=image` has no image. */
function imageOfVolume({ path, unitFile, specifiers }: VolumeFile): MountedImages {
  const reader = new SectionReader(unitFile, 'Volume', specifiers)
  const isImage = reader.scalar('Driver') === 'image'
  const text = isImage ? reader.scalar('Image') : undefined
  const { file = path, line } = reader.placeOf('Image')
  return {
    images: text === undefined ? [] : [{ text, origin: { file, line, key: 'Image' } }],
    faults: reader.faults.map(fault => ({ ...fault, file: fault.file ?? path })),
  }
}

/** podman reads the value as a line of CSV. */
function readMount(value: string): Readonly<Record<'type' | 'source', string>> {
  const fields = value.split(',')
  const of = (name: RegExp) =>
    fields.findLast(field => name.test(field))?.replace(/^[^=]*=/u, '') ?? ''
  const mount = { type: of(/^type=/u), source: of(/^(?:source|src)=/u) }
  if (mount.type === 'image' && value.includes('"'))
    throw new Refusal('a mount of an image with quotes', 'write it without quotes')
  return mount
}

function isBuiltHere(text: string): boolean {
  return text === '' || text.endsWith('.build') || text.startsWith('localhost/')
}
