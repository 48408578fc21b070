import { asArtifact, makeBoundImage, type BoundImage } from './bound-image.ts'
import { explain } from '../text/fault.ts'
import type { QuadletFile } from './follow-entry.ts'
import { parseArtifactSource, parseImageSource } from './image-source.ts'
import {
  hasImage,
  imageOfVolume,
  infraImages,
  mountedImages,
  usedVolumes,
  type MountedImage,
} from './mounted-images.ts'
import { namesUnit } from './names-unit.ts'
import type { QuadletFiles } from '../quadlet/quadlet-files.ts'
import { SectionReader } from '../quadlet/section-reader.ts'
import { serviceName } from '../quadlet/service-name.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'
import { inFile, none, together, type Spec } from './spec.ts'
import type { SpecContext } from './spec-context.ts'

/** Maximum number for one container. Far above any real one. */
const maxVolumes = 100

/** Reads one Quadlet file. */
export interface FileReader {
  readonly quadlet: QuadletFiles
  readonly startable: () => readonly QuadletFile[]
  readonly isMask: (path: string) => boolean
  /** Without keys if it cannot be read: Quadlet makes no service of it. */
  readonly unitFile: (name: string, path: string) => UnitFile
  readonly contextOf: (path: string, unit: string) => SpecContext
  /** See `SpecReader`. */
  readonly readQuadlet: (file: QuadletFile, isNamed: boolean) => Spec
}

/** What must be on disk besides the image of a container before its service can start. Reads once what several use. */
export class Closure {
  readonly #files: FileReader
  readonly #usedSpecs = new Map<string, Spec>()
  readonly #besides = new Map<string, Spec>()
  readonly #readPods = new Set<string>()
  readonly #unitNames = new Map<string, boolean>()
  #members: ReadonlyMap<string | undefined, readonly QuadletFile[]> | undefined

  constructor(files: FileReader) {
    this.#files = files
  }

  /** What a container mounts, and the images of its volumes and of its pod. */
  ofContainer(reader: SectionReader, context: SpecContext): Spec {
    return together([
      this.#mounted(mountedImages(reader), reader, context),
      this.#volumes(reader),
      this.#podOfContainer(reader),
    ])
  }

  /** The image of a `.volume` file. */
  ofVolume(unitFile: UnitFile, reader: SectionReader, context: SpecContext): Spec {
    if (!hasImage(unitFile))
      reader.refuse('Driver', 'a volume without Driver=image has no image', 'remove the link')
    return this.#mounted(imageOfVolume(reader), reader, context)
  }

  /** All that starts with a pod. Further links to it ask for nothing more. */
  ofPod(name: string): Spec {
    if (this.#readPods.has(name)) return none
    this.#readPods.add(name)
    this.#members ??= Map.groupBy(this.#files.startable(), file => this.#podOf(file))
    const members = this.#members.get(name)
    if (members === undefined)
      return {
        boundImages: [],
        faults: [
          {
            reason: `no .container file that can start has Pod=${name}`,
            remedy: 'remove the link',
          },
        ],
      }
    return together([...members.map(member => this.beside(member, false)), this.#podItself(name)])
  }

  /** Reads the file that another file names, with its own drop-ins and pull options. */
  follow(
    name: string,
    kind: 'image' | 'artifact',
    origin: BoundImage['origin'],
    isNamed: boolean,
  ): Spec {
    const path = this.#files.quadlet.files.get(name)
    if (path === undefined || this.#files.isMask(path)) {
      const reason = `the new root has no Quadlet file ${name}, or masks it`
      return {
        boundImages: [],
        faults: [{ ...origin, reason, remedy: 'add it to the OS image' }],
      }
    }
    const spec = this.beside({ kind, name, path }, isNamed)
    if (!this.#namesUnit(kind, name, path)) return spec
    const key = kind === 'image' ? 'Image' : 'Artifact'
    const reason = `${key}= of ${name} has a specifier that means another ${kind} in this file`
    const remedy = `write its name without %n, %N, %p, %i, %j and the like in ${name}`
    return { boundImages: [], faults: [{ ...origin, reason, remedy }] }
  }

  #namesUnit(kind: 'image' | 'artifact', name: string, path: string): boolean {
    const known = this.#unitNames.get(path) ?? namesUnit(this.#files.unitFile(name, path), kind)
    this.#unitNames.set(path, known)
    return known
  }

  /** Reads once a file that the entry does not lead to. */
  beside(file: QuadletFile, isNamed: boolean): Spec {
    const key = `${file.name} ${isNamed}`
    const spec = this.#besides.get(key) ?? this.#readBeside(file, isNamed)
    this.#besides.set(key, spec)
    return spec
  }

  #readBeside(file: QuadletFile, isNamed: boolean): Spec {
    try {
      return inFile(file.path, this.#files.readQuadlet(file, isNamed))
    } catch (error) {
      return { boundImages: [], faults: [{ file: file.path, ...explain(error) }] }
    }
  }

  #mounted(images: readonly MountedImage[], { faults }: SectionReader, context: SpecContext): Spec {
    const specs = images.map(image => this.#mountedOne(image, context))
    return together([{ boundImages: [], faults }, ...specs])
  }

  /** What is mounted has none of the options of the image that runs. */
  #mountedOne({ text, kind, isUnit, origin }: MountedImage, context: SpecContext): Spec {
    if (isUnit) {
      const spec = this.follow(text, kind, origin, false)
      const boundImages = spec.boundImages.map(image => ({ ...image, mountedBy: 'file' }) as const)
      return { ...spec, boundImages }
    }
    try {
      const source =
        kind === 'artifact'
          ? parseArtifactSource(text, context)
          : parseImageSource(text, undefined, context)
      const parts = { source, globalOptions: [], options: [], origin }
      const boundImage = { ...makeBoundImage(parts, context.logins), mountedBy: 'name' } as const
      return {
        boundImages: [kind === 'artifact' ? asArtifact(boundImage) : boundImage],
        faults: [],
      }
    } catch (error) {
      return { boundImages: [], faults: [{ ...origin, ...explain(error) }] }
    }
  }

  #volumes(reader: SectionReader): Spec {
    const names = usedVolumes(reader)
    if (names.length <= maxVolumes) return together(names.map(name => this.#volume(name)))
    const reason = `more than ${maxVolumes} .volume files`
    return { boundImages: [], faults: [{ key: 'Volume', reason, remedy: 'use fewer' }] }
  }

  /** Of a volume without an image, nothing matters. Quadlet refuses a container with one that does not exist. */
  #volume(name: string): Spec {
    return this.#used(name, path =>
      hasImage(this.#files.unitFile(name, path))
        ? this.beside({ kind: 'volume', name, path }, false)
        : none,
    )
  }

  /** The service of a container needs that of its pod. */
  #podOfContainer(container: SectionReader): Spec {
    const pod = unquoted(container.asWritten('Pod').at(-1) ?? '')
    return pod.endsWith('.pod') ? this.#podItself(pod) : none
  }

  #podItself(name: string): Spec {
    return this.#used(name, path => {
      const keys = this.#files.unitFile(name, path)
      const names = new SectionReader(keys, 'Pod', letter => `%${letter}`)
      const unit = names.convert('ServiceName', text => serviceName(name, 'pod', text))
      const context = this.#files.contextOf(path, unit ?? serviceName(name, 'pod', undefined))
      const reader = new SectionReader(keys, 'Pod', context.specifiers)
      const infra = this.#mounted(infraImages(reader), reader, context)
      return inFile(path, together([faultsOf(names), infra, this.#volumes(reader)]))
    })
  }

  /** Reads once what many containers may use. Which instance of a template it is, versions of podman name differently. */
  #used(name: string, read: (path: string) => Spec): Spec {
    const path = name.includes('@.') ? undefined : this.#files.quadlet.files.get(name)
    const spec = this.#usedSpecs.get(name) ?? (path === undefined ? none : read(path))
    this.#usedSpecs.set(name, spec)
    return spec
  }

  #podOf({ kind, name, path }: QuadletFile): string | undefined {
    const keys =
      kind === 'container' ? this.#files.unitFile(name, path).get('Container') : undefined
    return unquoted(keys?.get('Pod')?.at(-1)?.value ?? '')
  }
}

const faultsOf = ({ faults }: SectionReader): Spec => ({ boundImages: [], faults })

const unquoted = (value: string) => value.replace(/^"(.*)"$/su, '$1')
