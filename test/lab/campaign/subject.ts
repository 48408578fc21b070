import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import type { Files, Host, Lab, Registry } from '../lab.ts'
import { type Disk, type FileSystem, mountDisk, unmountDisk } from '../disk-file.ts'
import type { Disks } from './disks.ts'
import { commonLayer, type ImagePlan, type KnownImage, pushImages } from './images.ts'

/** A version of the OS with its bound images. */
export interface Version {
  readonly name: string
  readonly images: readonly KnownImage[]
}

export interface SubjectOptions {
  /** Where `/var` is kept on a disk of its own, so that its power can be cut. */
  readonly disks?: { readonly shelf: Disks; readonly fileSystem: FileSystem }
  /** More files of v1. */
  readonly v1?: Files
}

/** As many tries as always, and none that takes longer than who watches is patient. */
const quickTries = configured('RetryDelaySec=1', 'RetryMaxDelaySec=2', 'FlushTimeoutSec=20')

/** Part of every version, and there before the first run. */
const ownImage: ImagePlan = {
  name: 'own',
  layers: [commonLayer, { name: 'own', size: 'big', delayMs: 0 }],
}

/**
 * A host and its registry, as every run finds and leaves them: booted, nothing staged, the images of the booted
 * version in the store and on disk, and no others.
 */
export class Subject {
  readonly host: Host
  readonly registry: Registry
  /** The booted version. */
  version: Version
  readonly #shelf: Disks | undefined
  #disk: Disk | undefined

  private constructor(
    host: Host,
    registry: Registry,
    version: Version,
    shelf?: Disks,
    disk?: Disk,
  ) {
    this.host = host
    this.registry = registry
    this.version = version
    this.#shelf = shelf
    this.#disk = disk
  }

  static async make(lab: Lab, registry: Registry, options: SubjectOptions): Promise<Subject> {
    const { disks } = options
    const images = await pushImages(registry, [ownImage])
    const specs = boundImages({ 'own.image': imageSpec(registry, 'own:1') })
    const host = await lab.host({ v1: { ...quickTries, ...options.v1, ...specs }, boot: false })
    const disk = await disks?.shelf.make(disks.fileSystem)
    if (disk !== undefined) await mountDisk(disk, varOf(host))
    await host.boot()
    const subject = new Subject(host, registry, { name: 'v1', images }, disks?.shelf, disk)
    const pull = `podman image pull --tls-verify=false ${registry.address}/own:1`
    const { exitCode, stderr } = await host.run(pull)
    if (exitCode !== 0) throw new Error(`${pull}: ${stderr}`)
    await subject.settle()
    return subject
  }

  /** Ends the host at once. Its registry stays. */
  async discard(): Promise<void> {
    await this.host.kill()
    await this.#removeDisk()
  }

  /** Has all that was written until now on disk: only what comes after is at stake. */
  async settle(): Promise<void> {
    if (this.#disk !== undefined) await execa('sync', ['--file-system', varOf(this.host)])
  }

  /** Ends the host at once, and with it all that is not on its disk. */
  async cutPower(): Promise<void> {
    if (this.#shelf === undefined || this.#disk === undefined)
      throw new Error('the host has no disk of its own')
    // No process writes after the copy, but the kernel may: what it holds back is lost with the old disk.
    await this.host.freeze()
    const copy = this.#shelf.copy(this.#disk)
    await this.host.kill()
    await this.#removeDisk()
    this.#disk = copy
    await mountDisk(copy, varOf(this.host))
  }

  /** The names of the images that the product has on record as being on disk. */
  recordedImages(): readonly string[] {
    const dir = join(varOf(this.host), 'lib/bootc-bound-images/pulls')
    return listDirectory(dir)
      .map(name => readFileSync(join(dir, name), 'utf8'))
      .map(text => text.trim().split(' ')[2] ?? text)
  }

  async #removeDisk(): Promise<void> {
    if (this.#shelf === undefined || this.#disk === undefined) return
    await unmountDisk(varOf(this.host))
    this.#shelf.remove(this.#disk)
    this.#disk = undefined
  }
}

/** The host's `/var`, seen from outside. */
export function varOf(host: Host): string {
  return join(host.sysroot, 'ostree/deploy/debian/var')
}

function listDirectory(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
