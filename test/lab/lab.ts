import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { backend } from './backend.ts'
import type { Files } from './files.ts'
import { Host } from './host.ts'
import { installProduct, isBundled } from './install-product.ts'
import { Registry, type RegistryOptions } from './registry.ts'
import { requirePrivateNetwork } from './require-private-network.ts'
import { limitVar } from './sysroot.ts'
import { type WorkArea, makeWorkArea } from './work-area.ts'

export { backend } from './backend.ts'
export type { Credentials } from './docker-registry.ts'
export type { Fault, RecordedRequest } from './fault-proxy.ts'
export type { FileContent, Files } from './files.ts'
export type { BootOptions, CommandResult, Host } from './host.ts'
export { makeKeyPair } from './key-pair.ts'
export { type ImageContent, type Layer, makeLayer, makeOciArchive } from './oci-image.ts'
export type { Registry } from './registry.ts'

export interface HostOptions {
  readonly v1?: Files
  readonly boot?: boolean
  /** Puts /var on a file system of its own of this size, that can be filled. */
  readonly varMebibytes?: number
  /** As of `BootOptions`, for every boot. */
  readonly binds?: readonly string[]
}

/** Real hosts and registries on a loopback of their own. Everything is gone after `close()`. */
export class Lab {
  readonly #area: WorkArea
  readonly #product: string | undefined
  readonly #golden = new Map<string, Promise<string>>()
  readonly #hosts: Host[] = []
  readonly #registries: Registry[] = []
  #base: Promise<string> | undefined
  #made = 0

  private constructor(area: WorkArea, product: string | undefined) {
    this.#area = area
    this.#product = product
  }

  /** `product: false` leaves this repository out of v1. */
  static async open({ product = true } = {}): Promise<Lab> {
    requirePrivateNetwork()
    // what we write becomes part of an operating system, whatever the mask of who tests it
    process.umask(0o022)
    const area = await makeWorkArea()
    try {
      return new Lab(area, product ? installProduct(area) : undefined)
    } catch (error) {
      await area.remove()
      throw error
    }
  }

  get dir(): string {
    return this.#area.dir
  }

  /** The cached Debian, used read-only. */
  get rootfs(): string {
    return join(this.#area.cache, 'rootfs')
  }

  async registry(options: RegistryOptions = {}): Promise<Registry> {
    const registry = await Registry.start(this.#area, `registry-${++this.#made}`, options)
    this.#registries.push(registry)
    return registry
  }

  /** Boots a new host whose first version, v1, is Debian with this repository and the given files. */
  async host({ v1 = {}, boot = true, varMebibytes, binds }: HostOptions = {}) {
    const name = `host-${++this.#made}`
    const sysroot = join(this.dir, name)
    await backend.clone(await this.#goldenSysroot(v1), sysroot)
    await backend.prepare(sysroot)
    if (varMebibytes !== undefined)
      await limitVar(backend.varOf(sysroot), `${sysroot}.var`, varMebibytes)
    const host = new Host(this.#area, name, sysroot, binds)
    this.#hosts.push(host)
    if (boot) await host.boot()
    return host
  }

  /** Ends and removes everything, also after failures. */
  async close(): Promise<void> {
    await Promise.all(this.#hosts.map(host => host.kill()))
    await Promise.all(this.#registries.map(registry => registry.stop()))
    await this.#area.remove()
  }

  /** A sysroot with v1 deployed and never booted, made once for hosts that start the same. */
  #goldenSysroot(files: Files): Promise<string> {
    const content = Object.entries(files).map(([path, file]) => [path, file ?? null])
    const key = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12)
    const golden = this.#golden.get(key) ?? this.#makeGolden(`golden-${key}`, files)
    this.#golden.set(key, golden)
    return golden
  }

  /** A copy of the cached sysroot: a test that breaks files shall not break it for the next one. */
  #baseSysroot(): Promise<string> {
    this.#base ??= (async () => {
      const sysroot = join(this.dir, 'base')
      await backend.copyCached(this.#area, sysroot)
      return sysroot
    })()
    return this.#base
  }

  async #makeGolden(name: string, files: Files): Promise<string> {
    const sysroot = join(this.dir, name)
    await backend.clone(await this.#baseSysroot(), sysroot)
    await backend.commit(this.#area, sysroot, {
      version: 'v1',
      base: 'base',
      files: isBundled ? { 'usr/bin/node': undefined, ...files } : files,
      product: this.#product,
    })
    await backend.deploy(this.#area, sysroot, 'v1')
    return sysroot
  }
}
