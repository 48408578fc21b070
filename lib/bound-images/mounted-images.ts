import { Refusal, type Fault } from '../text/fault.ts'
import type { SectionReader } from '../quadlet/section-reader.ts'
import { splitAnyWords } from '../quadlet/split-words.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

/** An image that a container mounts, besides the one that it runs. */
export interface MountedImage {
  /** A reference, or the name of a `.image` file. */
  readonly text: string
  /** Where it is named. */
  readonly origin: Pick<Fault, 'file' | 'line' | 'key'>
}

/**
 * The images of `Mount=type=image` in [Container] (podman: pkg/systemd/quadlet/quadlet.go, addMounts and
 * resolveContainerMountParams; podman-run(1), --mount). podman does not pull them when the container starts.
 */
export function mountedImages(reader: SectionReader): readonly MountedImage[] {
  return reader
    .picked('Mount', imageSources, (text, place) => ({ text, origin: { ...place, key: 'Mount' } }))
    .filter(({ text }) => canBePulled(text))
}

/**
 * The names of the `.volume` files that [Container] or [Pod] uses, without specifiers, as Quadlet (quadlet.go, addVolumes
 * and handleStorageSource).
 */
export function usedVolumes(reader: SectionReader): readonly string[] {
  const volumes = reader.asWritten('Volume').map(value => /^([^:]*):/su.exec(value)?.[1] ?? '')
  const names = [...volumes, ...reader.asWritten('Mount').flatMap(volumeSources)]
  return [...new Set(names)].filter(name => name.endsWith('.volume'))
}

/** Whether a `.volume` file has an image (quadlet.go, ConvertVolume). */
export function hasImage(volume: UnitFile): boolean {
  return /^"?image"?$/u.test(volume.get('Volume')?.get('Driver')?.at(-1)?.value ?? '')
}

/** The image of a `.volume` file that has one. podman does not pull it when the volume is made. */
export function imageOfVolume(reader: SectionReader): readonly MountedImage[] {
  const text = reader.scalar('Image')
  return text === undefined || !canBePulled(text)
    ? []
    : [{ text, origin: { ...reader.placeOf('Image'), key: 'Image' } }]
}

/** Nobody can pull an image that is built on the host. */
function canBePulled(text: string): boolean {
  return text !== '' && !text.endsWith('.build') && !text.startsWith('localhost/')
}

function imageSources(value: string): readonly string[] {
  return mountWords(value).flatMap(word => {
    const { type, source } = readMount(word)
    if (type === 'image' && word.includes('"'))
      throw new Refusal('a mount of an image with quotes', 'write it without quotes')
    return type === 'image' ? [source] : []
  })
}

/** The types of mounts whose source Quadlet looks up. The service of the container requires that of the volume. */
const resolvedTypes: ReadonlySet<string> = new Set(['volume', 'bind', 'glob', 'image'])

function volumeSources(value: string): readonly string[] {
  return mountWords(value).flatMap(word => {
    const { type, source } = readMount(word)
    return resolvedTypes.has(type) ? [source] : []
  })
}

/** Quadlet drops a value that it cannot split, but closes a quote. */
function mountWords(value: string): readonly string[] {
  for (const end of ['', '"', "'"]) {
    try {
      return splitAnyWords(`${value}${end}`)
    } catch {
      // It ends otherwise, or has an unknown escape.
    }
  }
  return []
}

/** A line of CSV (podman: pkg/specgenutil/volumes.go, FindMountType). */
function readMount(word: string): Readonly<Record<'type' | 'source', string>> {
  const fields = word.split(',')
  const type = fields.find(field => /^type=[^=]*$/u.test(field))?.slice('type='.length)
  const source = fields.findLast(field => /^(?:source|src)=/u.test(field))
  return { type: type ?? 'volume', source: source?.replace(/^[^=]*=/u, '') ?? '' }
}
