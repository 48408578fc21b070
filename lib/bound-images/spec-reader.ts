import { ByteBudget, copyBudget } from '../root/byte-budget.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { readOsRelease } from '../root/os-release.ts'
import { systemdVersionOf } from '../root/systemd-version.ts'
import { maxImages, type BoundImage } from './bound-image.ts'
import { Closure } from './closure.ts'
import { Refusal, type Fault } from '../text/fault.ts'
import type { QuadletFile } from './follow-entry.ts'
import { DropIns } from '../quadlet/drop-ins.ts'
import { readLogins } from './logins.ts'
import { parseArtifactFile } from './parse-artifact-file.ts'
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
import { none, together, type Spec } from './spec.ts'
import type { SpecContext } from './spec-context.ts'
import {
  bounded,
  systemdArchitecture,
  unitSpecifiers,
  type SpecifierFacts,
} from '../quadlet/specifiers.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

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
  readonly #podImages = new Map<string, readonly string[]>()
  readonly #certificates = new Map<string, OptionValue>()
  readonly #closure
  #hasReadAll = false

  constructor(files: DeploymentFiles, options: SpecReaderOptions) {
    this.quadlet = listQuadletFiles(files)
    this.dropIns = new DropIns(files, this.quadlet)
    this.#files = files
    this.#options = options
    this.#shortNames = once(() => readShortNames(files))
    this.#logins = once(() => readLogins(files))
    this.#copies = options.copies ?? copyBudget()
    this.#closure = new Closure({
      quadlet: this.quadlet,
      startable: () => this.startable(),
      isMask: path => isMask(files, path),
      unitFile: (name, path) => this.#unitFile(name, path),
      contextOf: (path, unit) => this.#context(path, unit),
      readQuadlet: (file, isNamed) => this.readQuadlet(file, isNamed),
    })
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
      const next = this.#closure.beside(file, false)
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
    quadletKeys.refuseOtherKeys(
      sectionKeys.quadlet,
      key => kind === 'image' || kind === 'artifact' || isKey(key),
    )
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
    if (file.kind === 'volume') return this.#closure.ofVolume(unitFile, reader, context)
    if (file.kind === 'pod') return this.#closure.ofPod(file.name)
    if (file.kind === 'image' || file.kind === 'artifact') {
      const parse = file.kind === 'image' ? parseImageFile : parseArtifactFile
      const { boundImage, faults } = parse(unitFile, context)
      const spec = { boundImages: boundImage === undefined ? [] : [boundImage], faults }
      return withoutBuilt(spec, isNamed)
    }
    return together([
      !isNamed && isBuiltHere(unitFile) ? none : this.#ownImage(unitFile, context, isNamed),
      this.#closure.ofContainer(reader, context),
    ])
  }

  #ownImage(unitFile: UnitFile, context: SpecContext, isNamed: boolean): Spec {
    const container = parseContainerFile(unitFile, context)
    if ('faults' in container) return { boundImages: [], faults: container.faults }
    if ('boundImage' in container) return { boundImages: [container.boundImage], faults: [] }
    const origin = { ...container.place, key: 'Image' }
    return this.#closure.follow(container.imageFile, 'image', origin, isNamed)
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

  #context(specFile: string, unit: string): SpecContext {
    return {
      files: this.#files,
      specifiers: bounded(letter => unitSpecifiers(unit, this.#facts())(letter)),
      shortNames: this.#shortNames,
      logins: this.#logins,
      secrets: this.#options.secrets,
      copies: this.#copies,
      yaml: this.#yaml,
      podImages: this.#podImages,
      certificates: this.#certificates,
      specFile,
      owner: `${specFile} ${unit}`,
    }
  }
}

/** Some versions of podman make a service of a masked file if a drop-in names the image, others do not. */
function refuseRevival(dropIns: DropIns, { kind, name, path }: QuadletFile): void {
  const key = kind === 'kube' ? 'Yaml' : kind === 'artifact' ? 'Artifact' : 'Image'
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
