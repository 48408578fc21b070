import { ByteBudget, copyBudget } from '../root/byte-budget.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { readOsRelease } from '../root/os-release.ts'
import { systemdVersionOf } from '../root/systemd-version.ts'
import type { BoundImage } from './bound-image.ts'
import type { Fault } from '../text/fault.ts'
import type { QuadletFile } from './follow-entry.ts'
import { DropIns } from '../quadlet/drop-ins.ts'
import { readLogins } from './logins.ts'
import { parseContainerFile } from './parse-container-file.ts'
import { parseImageFile } from './parse-image-file.ts'
import { parseKubeFile } from './parse-kube-file.ts'
import { parseTomlFile } from './parse-toml-file.ts'
import type { OptionValue } from './read-value.ts'
import { listQuadletFiles } from '../quadlet/quadlet-files.ts'
import { sectionOf } from '../quadlet/quadlet-kind.ts'
import { isMask, readText, readUnitFile } from '../quadlet/read-unit-file.ts'
import { SectionReader } from '../quadlet/section-reader.ts'
import { environmentFaults } from '../quadlet/service-environment.ts'
import { serviceName } from '../quadlet/service-name.ts'
import { sectionKeys } from './section-keys.ts'
import { readShortNames } from './short-names.ts'
import type { SpecContext } from './spec-context.ts'
import {
  bounded,
  systemdArchitecture,
  unitSpecifiers,
  type SpecifierFacts,
} from '../quadlet/specifiers.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

/** The images and the faults of a spec. */
export interface Spec {
  readonly boundImages: readonly BoundImage[]
  readonly faults: readonly Fault[]
}

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

  constructor(files: DeploymentFiles, options: SpecReaderOptions) {
    this.quadlet = listQuadletFiles(files)
    this.dropIns = new DropIns(files, this.quadlet)
    this.#files = files
    this.#options = options
    this.#shortNames = once(() => readShortNames(files))
    this.#logins = once(() => readLogins(files))
    this.#copies = options.copies ?? copyBudget()
    this.#facts = once(() => ({
      osRelease: readOsRelease(files),
      machineId: options.machineId,
      systemdVersion: systemdVersionOf(files),
      architecture: systemdArchitecture(),
    }))
  }

  /** @throws Error when the file cannot be read */
  readToml(path: string): Spec {
    return parseTomlFile(readText(this.#files, path), this.#context(path, ''))
  }

  /** @throws Error when the file cannot be read */
  readQuadlet({ kind, name, path }: QuadletFile): Spec {
    const { unitFile, faults } = readUnitFile(this.#files, this.dropIns, path, name)
    // Do not report missing keys in a file that cannot be parsed.
    if (faults.length > 0) return { boundImages: [], faults }
    const reader = new SectionReader(unitFile, sectionOf[kind], letter => `%${letter}`)
    const unit = reader.convert('ServiceName', text => serviceName(name, kind, text))
    if (reader.faults.length > 0) return { boundImages: [], faults: reader.faults }
    const context = this.#context(path, unit ?? serviceName(name, kind, undefined))
    const spec = this.#parse(kind, unitFile, context)
    const quadletKeys = new SectionReader(unitFile, 'Quadlet', context.specifiers)
    quadletKeys.refuseOtherKeys(sectionKeys.quadlet)
    const more = [...quadletKeys.faults, ...environmentFaults(unitFile, context.specifiers)]
    return more.length === 0 ? spec : { boundImages: [], faults: [...spec.faults, ...more] }
  }

  #parse(kind: QuadletFile['kind'], unitFile: UnitFile, context: SpecContext): Spec {
    if (kind === 'kube') return parseKubeFile(unitFile, context)
    if (kind === 'image') {
      const { boundImage, faults } = parseImageFile(unitFile, context)
      return { boundImages: boundImage === undefined ? [] : [boundImage], faults }
    }
    const container = parseContainerFile(unitFile, context)
    if ('faults' in container) return { boundImages: [], faults: container.faults }
    if ('boundImage' in container) return { boundImages: [container.boundImage], faults: [] }
    return this.#follow(container.imageFile, container.place)
  }

  /** Reads the `.image` file that a `.container` file names, with its own drop-ins and pull options. */
  #follow(name: string, place: Pick<Fault, 'file' | 'line'>): Spec {
    const path = this.quadlet.files.get(name)
    if (path === undefined || isMask(this.#files, path)) {
      const reason = `the new root has no Quadlet file ${name}, or masks it`
      return {
        boundImages: [],
        faults: [{ ...place, key: 'Image', reason, remedy: 'add it to the OS image' }],
      }
    }
    const { boundImages, faults } = this.readQuadlet({ kind: 'image', name, path })
    const inFile = <T extends { readonly file?: string | undefined }>(part: T) => ({
      ...part,
      file: part.file ?? path,
    })
    return {
      boundImages: boundImages.map(image => ({ ...image, origin: inFile(image.origin) })),
      faults: faults.map(inFile),
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

function once<T>(read: () => T): () => T {
  let value: { readonly of: T } | undefined
  return () => (value ??= { of: read() }).of
}
