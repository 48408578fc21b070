import { ByteBudget, copyBudget } from '../root/byte-budget.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { readOsRelease } from '../root/os-release.ts'
import { systemdVersionOf } from '../root/systemd-version.ts'
import { makeBoundImage, maxImages, type BoundImage } from './bound-image.ts'
import { explain, Refusal, type Fault } from '../text/fault.ts'
import type { QuadletFile } from './follow-entry.ts'
import { parseImageSource } from './image-source.ts'
import { DropIns } from '../quadlet/drop-ins.ts'
import { readLogins } from './logins.ts'
import {
  hasImage,
  imageOfVolume,
  infraImages,
  mountedImages,
  usedVolumes,
  type MountedImage,
} from './mounted-images.ts'
import { namesUnit } from './names-unit.ts'
import { isBuiltHere, parseContainerFile } from './parse-container-file.ts'
import { parseImageFile } from './parse-image-file.ts'
import { parseKubeFile } from './parse-kube-file.ts'
import { parseTomlFile } from './parse-toml-file.ts'
import type { OptionValue } from './read-value.ts'
import { listQuadletFiles } from '../quadlet/quadlet-files.ts'
import { quadletKind, sectionOf } from '../quadlet/quadlet-kind.ts'
import { isMask, readText, readUnitFile } from '../quadlet/read-unit-file.ts'
import { SectionReader } from '../quadlet/section-reader.ts'
import { environmentFaults } from '../quadlet/service-environment.ts'
import { serviceName } from '../quadlet/service-name.ts'
import { isKey, sectionKeys } from './section-keys.ts'
import { readShortNames } from './short-names.ts'
import type { SpecContext } from './spec-context.ts'
import {
  bounded,
  systemdArchitecture,
  unitSpecifiers,
  type SpecifierFacts,
} from '../quadlet/specifiers.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

/** Maximum number for one container. Far above any real one. */
const maxVolumes = 100

/** The images and the faults of a spec. */
export interface Spec {
  readonly boundImages: readonly BoundImage[]
  readonly faults: readonly Fault[]
}

/** A file of which systemd can start a service. */
export type StartableFile = QuadletFile & { readonly kind: 'container' | 'kube' }

export interface SpecReaderOptions {
  /** Directory for secrets. */
  readonly secrets: string
  /** Machine ID of the host to update. Undefined if there is none. */
  readonly machineId: string | undefined
  /** Counts the bytes to copy for this deployment. */
  readonly copies?: ByteBudget | undefined
}

/** Reads the specs of one deployment. Reads what several specs share once, when the first of them needs it. */
export class SpecReader {
  readonly quadlet
  readonly dropIns
  readonly #files: DeploymentFiles
  readonly #options: SpecReaderOptions
  readonly #facts: () => SpecifierFacts
  readonly #shortNames
  readonly #logins
  readonly #copies
  readonly #yaml = new ByteBudget('Kubernetes YAML files')
  readonly #certificates = new Map<string, OptionValue>()
  readonly #usedSpecs = new Map<string, Spec>()
  readonly #besides = new Map<string, Spec>()
  readonly #unitNames = new Map<string, boolean>()
  readonly #readPods = new Set<string>()
  #hasReadAll = false
  /** The containers of each pod. */
  readonly #members

  constructor(files: DeploymentFiles, options: SpecReaderOptions) {
    this.quadlet = listQuadletFiles(files)
    this.dropIns = new DropIns(files, this.quadlet)
    this.#files = files
    this.#options = options
    this.#shortNames = once(() => readShortNames(files))
    this.#logins = once(() => readLogins(files))
    this.#copies = options.copies ?? copyBudget()
    this.#members = once(() => Map.groupBy(this.startable(), file => this.#podOf(file)))
    this.#facts = once(() => ({
      osRelease: readOsRelease(files),
      machineId: options.machineId,
      systemdVersion: systemdVersionOf(files),
      architecture: systemdArchitecture(),
    }))
  }

  /** @throws Error when the file cannot be read */
  readToml(path: string): Spec {
    const { isAll, ...spec } = parseTomlFile(readText(this.#files, path), this.#context(path, ''))
    if (!isAll || this.#hasReadAll) return spec
    this.#hasReadAll = true
    const specs: Spec[] = [spec]
    let count = 0
    for (const file of this.startable()) {
      const next = this.#beside(file, false)
      specs.push(next)
      count += next.boundImages.length
      // They are refused, so no more are read.
      if (count > maxImages) break
    }
    return together(specs)
  }

  /**
   * A file that is masked in /etc runs nothing and needs no image.
   *
   * @param isNamed whether somebody asks for this very file: if not, an image that is built on the host is no fault
   * @throws Error when the file cannot be read
   */
  readQuadlet(file: QuadletFile, isNamed = true): Spec {
    const { kind, name, path } = file
    if (isMask(this.#files, path)) {
      refuseRevival(this.dropIns, file)
      return none
    }
    const { unitFile, faults } = readUnitFile(this.#files, this.dropIns, path, name)
    // Do not report missing keys in a file that cannot be parsed.
    if (faults.length > 0) return { boundImages: [], faults }
    const miscased = miscasedSection(unitFile, sectionOf[kind])
    if (miscased !== undefined) return { boundImages: [], faults: [miscased] }
    const reader = new SectionReader(unitFile, sectionOf[kind], letter => `%${letter}`)
    const unit = reader.convert('ServiceName', text => serviceName(name, kind, text))
    if (reader.faults.length > 0) return { boundImages: [], faults: reader.faults }
    const context = this.#context(path, unit ?? serviceName(name, kind, undefined))
    const spec = together([this.#parse(file, unitFile, context, isNamed)])
    const quadletKeys = new SectionReader(unitFile, 'Quadlet', context.specifiers)
    quadletKeys.refuseOtherKeys(sectionKeys.quadlet, key => kind === 'image' || isKey(key))
    const more = [...quadletKeys.faults, ...environmentFaults(unitFile, context.specifiers)]
    if (more.length === 0) return spec
    return together([
      { boundImages: [], faults: spec.faults },
      { boundImages: [], faults: more },
    ])
  }

  #parse(file: QuadletFile, unitFile: UnitFile, context: SpecContext, isNamed: boolean): Spec {
    const reader = new SectionReader(unitFile, sectionOf[file.kind], context.specifiers)
    if (file.kind === 'kube')
      return withoutBuilt(parseKubeFile(unitFile, context, isNamed), isNamed)
    if (file.kind === 'volume') return this.#volumeFile(unitFile, reader, context)
    if (file.kind === 'pod') return this.#pod(file.name)
    if (file.kind === 'image') {
      const { boundImage, faults } = parseImageFile(unitFile, context)
      const spec = { boundImages: boundImage === undefined ? [] : [boundImage], faults }
      return withoutBuilt(spec, isNamed)
    }
    return together([
      !isNamed && isBuiltHere(unitFile) ? none : this.#ownImage(unitFile, context, isNamed),
      this.#mounted(mountedImages(reader), reader, context),
      this.#volumes(reader),
      this.#podOfContainer(reader),
    ])
  }

  #volumeFile(unitFile: UnitFile, reader: SectionReader, context: SpecContext): Spec {
    if (!hasImage(unitFile))
      reader.refuse('Driver', 'a volume without Driver=image has no image', 'remove the link')
    return this.#mounted(imageOfVolume(reader), reader, context)
  }

  /** All that starts with a pod. Further links to it ask for nothing more. */
  #pod(name: string): Spec {
    if (this.#readPods.has(name)) return none
    this.#readPods.add(name)
    const members = this.#members().get(name)
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
    return together([...members.map(member => this.#beside(member, false)), this.#podItself(name)])
  }

  #ownImage(unitFile: UnitFile, context: SpecContext, isNamed: boolean): Spec {
    const container = parseContainerFile(unitFile, context)
    if ('faults' in container) return { boundImages: [], faults: container.faults }
    if ('boundImage' in container) return { boundImages: [container.boundImage], faults: [] }
    return this.#follow(container.imageFile, { ...container.place, key: 'Image' }, isNamed)
  }

  /** Images are mounted without the options of the one that runs. */
  #mounted(images: readonly MountedImage[], { faults }: SectionReader, context: SpecContext): Spec {
    const specs = images.map(({ text, isUnit, origin }): Spec => {
      if (isUnit) {
        const spec = this.#follow(text, origin, false)
        const boundImages = spec.boundImages.map(
          image => ({ ...image, mountedBy: 'file' }) as const,
        )
        return { ...spec, boundImages }
      }
      try {
        const source = parseImageSource(text, undefined, context)
        const parts = { source, globalOptions: [], options: [], origin }
        const boundImage = makeBoundImage(parts, context.logins)
        return { boundImages: [{ ...boundImage, mountedBy: 'name' }], faults: [] }
      } catch (error) {
        return { boundImages: [], faults: [{ ...origin, ...explain(error) }] }
      }
    })
    return together([{ boundImages: [], faults }, ...specs])
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
      hasImage(this.#unitFile(name, path))
        ? this.#beside({ kind: 'volume', name, path }, false)
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
      const keys = this.#unitFile(name, path)
      const names = new SectionReader(keys, 'Pod', letter => `%${letter}`)
      const unit = names.convert('ServiceName', text => serviceName(name, 'pod', text))
      const context = this.#context(path, unit ?? serviceName(name, 'pod', undefined))
      const reader = new SectionReader(keys, 'Pod', context.specifiers)
      const infra = this.#mounted(infraImages(reader), reader, context)
      return inFile(path, together([faultsOf(names), infra, this.#volumes(reader)]))
    })
  }

  /** Reads once what many containers may use. Which instance of a template it is, versions of podman name differently. */
  #used(name: string, read: (path: string) => Spec): Spec {
    const path = name.includes('@.') ? undefined : this.quadlet.files.get(name)
    const spec = this.#usedSpecs.get(name) ?? (path === undefined ? none : read(path))
    this.#usedSpecs.set(name, spec)
    return spec
  }

  #podOf({ kind, name, path }: QuadletFile): string | undefined {
    const keys = kind === 'container' ? this.#unitFile(name, path).get('Container') : undefined
    return unquoted(keys?.get('Pod')?.at(-1)?.value ?? '')
  }

  /** A file that cannot be read has no keys: Quadlet makes no service of it. */
  #unitFile(name: string, path: string): UnitFile {
    try {
      if (!isMask(this.#files, path))
        return readUnitFile(this.#files, this.dropIns, path, name).unitFile
    } catch {
      // No service either.
    }
    return new Map()
  }

  /** The containers and Kubernetes files of the deployment. Of a template, Quadlet can start the default instance. */
  startable(): readonly StartableFile[] {
    return [...this.quadlet.files].flatMap(([name, path]): readonly StartableFile[] => {
      const kind = quadletKind(name)
      if (kind !== 'container' && kind !== 'kube') return []
      if (!name.includes('@.')) return [{ kind, name, path }]
      const install = this.#unitFile(name, path).get('Install')
      const instance = install?.get('DefaultInstance')?.at(-1)?.value ?? ''
      const file = name.replace('@.', () => `@${instance}.`)
      return !/^[\w.:-]+$/u.test(instance) || this.quadlet.files.has(file)
        ? []
        : [{ kind, name: file, path }]
    })
  }

  /** Reads the `.image` file that another file names, with its own drop-ins and pull options. */
  #follow(name: string, origin: BoundImage['origin'], isNamed: boolean): Spec {
    const path = this.quadlet.files.get(name)
    if (path === undefined || isMask(this.#files, path)) {
      const reason = `the new root has no Quadlet file ${name}, or masks it`
      return {
        boundImages: [],
        faults: [{ ...origin, reason, remedy: 'add it to the OS image' }],
      }
    }
    const spec = this.#beside({ kind: 'image', name, path }, isNamed)
    if (!this.#namesUnit(name, path)) return spec
    const reason = `Image= of ${name} has a specifier that means another image in this file`
    const remedy = `write its name without %n, %N, %p, %i, %j and the like in ${name}`
    return { boundImages: [], faults: [{ ...origin, reason, remedy }] }
  }

  #namesUnit(name: string, path: string): boolean {
    const known = this.#unitNames.get(path) ?? namesUnit(this.#unitFile(name, path))
    this.#unitNames.set(path, known)
    return known
  }

  /** Reads once a file that the entry does not lead to. */
  #beside(file: QuadletFile, isNamed: boolean): Spec {
    const key = `${file.name} ${isNamed}`
    const spec = this.#besides.get(key) ?? this.#readBeside(file, isNamed)
    this.#besides.set(key, spec)
    return spec
  }

  #readBeside(file: QuadletFile, isNamed: boolean): Spec {
    try {
      return inFile(file.path, this.readQuadlet(file, isNamed))
    } catch (error) {
      return { boundImages: [], faults: [{ file: file.path, ...explain(error) }] }
    }
  }

  #context(specFile: string, unit: string): SpecContext {
    return {
      files: this.#files,
      specifiers: bounded(letter => unitSpecifiers(unit, this.#facts())(letter)),
      shortNames: this.#shortNames,
      logins: this.#logins,
      secrets: this.#options.secrets,
      copies: this.#copies,
      yaml: this.#yaml,
      certificates: this.#certificates,
      specFile,
      owner: `${specFile} ${unit}`,
    }
  }
}

const none: Spec = { boundImages: [], faults: [] }

const faultsOf = ({ faults }: SectionReader): Spec => ({ boundImages: [], faults })

/** Nobody reads more faults than this, and a file can have tens of thousands. */
const maxFaults = 1000

function together(specs: readonly Spec[]): Spec {
  const faults: Fault[] = []
  for (const spec of specs) faults.push(...spec.faults.slice(0, maxFaults - faults.length))
  return { boundImages: specs.flatMap(({ boundImages }) => boundImages), faults }
}

/** Says where the images and faults are of which nothing is said yet. */
function inFile(file: string, { boundImages, faults }: Spec): Spec {
  return {
    boundImages: boundImages.map(image =>
      image.origin.file === undefined ? { ...image, origin: { ...image.origin, file } } : image,
    ),
    faults: faults.map(fault => (fault.file === undefined ? { ...fault, file } : fault)),
  }
}

const unquoted = (value: string) => value.replace(/^"(.*)"$/su, '$1')

/** Some versions of podman make a service of a masked file if a drop-in names the image, others do not. */
function refuseRevival(dropIns: DropIns, { kind, name, path }: QuadletFile): void {
  const key = kind === 'kube' ? 'Yaml' : 'Image'
  const dropIn = dropIns
    .of(path, name)
    .find(({ unitFile }) => unitFile.get(sectionOf[kind])?.has(key) === true)
  if (dropIn === undefined) return
  throw new Refusal(
    `the file is empty or masked, but ${dropIn.file} sets ${key}=, so it may run all the same`,
    `mask ${dropIn.file} too, or set ${key}= in the file itself`,
  )
}

/** systemd and Quadlet ignore sections that they do not know. */
function miscasedSection(unitFile: UnitFile, section: string): Fault | undefined {
  if (unitFile.has(section)) return undefined
  const found = [...unitFile.keys()].find(name => name.toLowerCase() === section.toLowerCase())
  return found === undefined
    ? undefined
    : { reason: `there is no [${section}], but [${found}]`, remedy: `write [${section}]` }
}

function withoutBuilt({ boundImages, faults }: Spec, isNamed: boolean): Spec {
  const isBuilt = ({ image }: BoundImage) => !isNamed && image.startsWith('localhost/')
  return { boundImages: boundImages.filter(image => !isBuilt(image)), faults }
}

function once<T>(read: () => T): () => T {
  let value: { readonly of: T } | undefined
  return () => (value ??= { of: read() }).of
}
