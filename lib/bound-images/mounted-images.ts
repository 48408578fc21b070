import { Refusal, type Fault } from '../text/fault.ts'
import type { SectionReader } from '../quadlet/section-reader.ts'
import { splitLeniently } from '../quadlet/split-words.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

/** What a container mounts, besides the image that it runs. */
export interface MountedImage {
  /** A reference, or the name of a file of its kind. */
  readonly text: string
  /** Image or artifact; also the extension of the file. */
  readonly kind: 'image' | 'artifact'
  /** Whether it is the name of a file. */
  readonly isUnit: boolean
  /** Where it is named. */
  readonly origin: Pick<Fault, 'file' | 'line' | 'key'>
}

/**
 * The images of `Mount=type=image` in [Container], and the artifacts of `Mount=type=artifact`, since podman 5.5 (podman:
 * pkg/systemd/quadlet/quadlet.go, addMounts and resolveContainerMountParams; podman-run(1), --mount). podman pulls neither
 * when the container starts.
 */
export function mountedImages(reader: SectionReader): readonly MountedImage[] {
  return [...mountsOf(reader, 'image'), ...mountsOf(reader, 'artifact')]
}

function mountsOf(reader: SectionReader, kind: MountedImage['kind']): readonly MountedImage[] {
  const sources = (words: readonly string[]) => words.flatMap(word => sourceOf(kind, word))
  return [
    ...named(reader, 'Mount', value => sources(splitLeniently(value)), kind),
    ...named(reader, 'PodmanArgs', value => sources(optionValues(value, '--mount')), kind),
  ].filter(canBePulled)
}

/** The image of the container that keeps a pod together, if [Pod] names one (podman-pod-create(1), --infra-image). */
export function infraImages(reader: SectionReader): readonly MountedImage[] {
  const images = named(reader, 'PodmanArgs', value => optionValues(value, '--infra-image'))
  return images.filter(canBePulled)
}

function named(
  reader: SectionReader,
  key: string,
  pick: (value: string) => readonly string[],
  kind: MountedImage['kind'] = 'image',
): readonly MountedImage[] {
  return reader.picked(key, pick, (text, place) => ({
    text,
    kind,
    // Quadlet hands arguments on as they are.
    isUnit: key !== 'PodmanArgs' && text.endsWith(`.${kind}`),
    origin: { ...place, key },
  }))
}

/** The values of an option in `PodmanArgs=`. */
function optionValues(value: string, flag: string): readonly string[] {
  const words = splitLeniently(value)
  return words.flatMap((word, index) => {
    if (word.startsWith(`${flag}=`)) return [word.slice(flag.length + 1)]
    return word === flag ? words.slice(index + 1, index + 2) : []
  })
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
  const text = reader.scalar('Image') ?? ''
  const image = {
    text,
    kind: 'image' as const,
    isUnit: text.endsWith('.image'),
    origin: { ...reader.placeOf('Image'), key: 'Image' },
  }
  return canBePulled(image) ? [image] : []
}

/**
 * Nobody can pull an image that is built on the host. podman takes a short name, or an ID, for an image of the host first, so
 * such a mount says nothing of a registry.
 */
export function isOfRegistry(text: string): boolean {
  const domain = text.slice(0, Math.max(0, text.indexOf('/')))
  return /[.:]/u.test(domain) && !text.endsWith('.build')
}

function canBePulled({ text, isUnit }: MountedImage): boolean {
  return isUnit || isOfRegistry(text)
}

function sourceOf(kind: MountedImage['kind'], word: string): readonly string[] {
  const { type, source } = readMount(word)
  if (type === kind && word.includes('"'))
    throw new Refusal(`a mount of an ${kind} with quotes`, 'write it without quotes')
  return type === kind && source !== '' ? [source] : []
}

/** The types of mounts whose source Quadlet looks up. The service of the container requires that of the volume. */
const resolvedTypes: ReadonlySet<string> = new Set(['volume', 'bind', 'glob', 'image'])

function volumeSources(value: string): readonly string[] {
  return splitLeniently(value).flatMap(word => {
    const { type, source } = readMount(word)
    return resolvedTypes.has(type) ? [source] : []
  })
}

/** A line of CSV (podman: pkg/specgenutil/volumes.go, FindMountType). */
function readMount(word: string): Readonly<Record<'type' | 'source', string>> {
  const fields = word.split(',')
  const type = fields.find(field => /^type=[^=]*$/u.test(field))?.slice('type='.length)
  const source = fields.findLast(field => /^(?:source|src)=/u.test(field))
  return { type: type ?? 'volume', source: source?.replace(/^[^=]*=/u, '') ?? '' }
}
