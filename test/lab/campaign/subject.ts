import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { boundImages, imageSpec } from '../bound-images.ts'
import type { Files, Host, Lab, Registry } from '../lab.ts'
import { quickTries, type Store } from '../stores.ts'
import type { Disks } from './disks.ts'
import { HostDisks } from './host-disks.ts'
import { hasLookedAtBoot, havePullsEnded, until } from '../until.ts'
import { commonLayer, type ImagePlan, type KnownImage, pushImages } from './images.ts'

/** A version of the OS with its bound images. */
export interface Version {
  readonly name: string
  readonly images: readonly KnownImage[]
}

export interface SubjectOptions {
  /** Where `/var` and the image store are kept on disks of their own, so that their power can be cut. */
  readonly disks?: { readonly shelf: Disks; readonly store: Store }
  /** More files of v1. */
  readonly v1?: Files
}

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
  readonly #disks: HostDisks | undefined

  private constructor(host: Host, registry: Registry, version: Version, disks?: HostDisks) {
    this.host = host
    this.registry = registry
    this.version = version
    this.#disks = disks
  }

  static async make(lab: Lab, registry: Registry, options: SubjectOptions): Promise<Subject> {
    const { shelf, store } = options.disks ?? {}
    const images = await pushImages(registry, [ownImage])
    const specs = boundImages({ 'own.image': imageSpec(registry, 'own:1') })
    const v1 = { ...quickTries, ...store?.v1, ...options.v1, ...specs }
    const host = await lab.host({
      v1,
      boot: false,
      ...(store?.binds ? { binds: store.binds } : {}),
    })
    const disks = shelf && store && (await HostDisks.make(lab, shelf, host.var, store.disks))
    for (const path of store?.directories ?? [])
      mkdirSync(join(host.var, path), { recursive: true })
    await host.boot()
    const subject = new Subject(host, registry, { name: 'v1', images }, disks)
    await until(host, hasLookedAtBoot)
    // The boot pulls it too. With Store=dedicated, two podmans at once disturb each other.
    await until(host, havePullsEnded)
    const pull = `podman image pull --tls-verify=false ${registry.address}/own:1`
    const { exitCode, stderr } = await host.run(pull)
    if (exitCode !== 0) throw new Error(`${pull}: ${stderr}`)
    await subject.settle()
    return subject
  }

  /** Ends the host at once. Its registry stays. */
  async discard(): Promise<void> {
    await this.host.kill()
    await this.#disks?.remove()
  }

  /** Has all that was written until now on disk: only what comes after is at stake. */
  async settle(): Promise<void> {
    await this.#disks?.sync()
  }

  /** On a host that is off; see `HostDisks`, as for the next two. */
  async forgetCache(): Promise<void> {
    await this.#disks?.remount()
  }

  async fillDisks(): Promise<void> {
    await this.#disks?.fill()
  }

  makeRoom(): void {
    this.#disks?.makeRoom()
  }

  /** Ends the host at once, and with it all that is not on its disk. */
  async cutPower(): Promise<void> {
    if (this.#disks === undefined) throw new Error('the host has no disk of its own')
    await this.host.freeze()
    this.makeRoom()
    await this.#disks.cutPower(() => this.host.kill())
  }

  /** The names of the images that the product has on record as being on disk. */
  recordedImages(): readonly string[] {
    const dir = join(this.host.var, 'lib/bootc-bound-images/pulls')
    return listDirectory(dir)
      .map(name => readFileSync(join(dir, name), 'utf8'))
      .map(text => text.trim().split(' ')[2] ?? text)
  }
}

function listDirectory(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
