import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Certificate, type Validity, makeCertificate } from './certificate.ts'
import { type Credentials, startDockerRegistry } from './docker-registry.ts'
import { type Fault, FaultProxy, type RecordedRequest } from './fault-proxy.ts'
import {
  type Blob,
  INDEX,
  type Image,
  type ImageContent,
  MANIFEST,
  makeArtifact,
  makeImage,
  makeIndex,
  makeOciArchive,
} from './oci-image.ts'
import { inRootfs, runInRootfs } from './nspawn.ts'
import type { WorkArea } from './work-area.ts'

export interface RegistryOptions {
  /** With any, it serves nobody else. Pushing is done by the first. */
  readonly users?: readonly Credentials[]
  /** Speaks HTTPS, with a certificate for its address that it signed itself, good or not good. */
  readonly tls?: boolean | Validity
  /** Has nothing of its own: fetches what it is asked for from this one, once, and keeps it. */
  readonly cacheOf?: Registry
}

/** A real registry. Hosts reach it through a proxy that writes down requests and fails on demand. */
export class Registry {
  readonly #area: WorkArea
  readonly #proxy: FaultProxy
  readonly #origin: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #certificate: Certificate | undefined

  private constructor(
    area: WorkArea,
    proxy: FaultProxy,
    origin: string,
    pusher: Credentials | undefined,
    certificate: Certificate | undefined,
  ) {
    this.#area = area
    this.#proxy = proxy
    this.#origin = origin
    this.#headers = pusher
      ? { authorization: `Basic ${btoa(`${pusher.user}:${pusher.password}`)}` }
      : {}
    this.#certificate = certificate
  }

  static async start(
    area: WorkArea,
    name: string,
    { users = [], tls = false, cacheOf }: RegistryOptions,
  ): Promise<Registry> {
    const port = await startDockerRegistry(area, name, users, cacheOf?.address)
    const validity = tls === true ? 'now' : tls
    const certificate = validity === false ? undefined : await makeCertificate(area, validity)
    const proxy = new FaultProxy(port, certificate)
    await proxy.start()
    return new Registry(area, proxy, `http://127.0.0.1:${port}`, users[0], certificate)
  }

  /** `host:port`, the same for as long as the lab is open. */
  get address(): string {
    return `127.0.0.1:${this.#proxy.port}`
  }

  /** The certificate that a client must know before it trusts this registry, as PEM. */
  get certificate(): string {
    if (this.#certificate === undefined) throw new Error(`${this.address} speaks plain HTTP`)
    return this.#certificate.cert
  }

  /** What came through the proxy since the last `forget()`; pushing is not in it. */
  get requests(): readonly RecordedRequest[] {
    return this.#proxy.requests
  }

  /** The users who were given a manifest of this repository, `undefined` for nobody in particular. */
  servedTo(repository: string): readonly (string | undefined)[] {
    const served = this.requests.filter(
      ({ url, status }) => url.startsWith(`/v2/${repository}/manifests/`) && status === 200,
    )
    return [...new Set(served.map(({ user }) => user))]
  }

  /** Bytes of layers and configurations that were sent since then. */
  get blobBytes(): number {
    return this.requests
      .filter(({ method, url }) => method === 'GET' && url.includes('/blobs/'))
      .reduce((sum, { bytes }) => sum + bytes, 0)
  }

  forget(): void {
    this.#proxy.forget()
  }

  fail(fault: Fault): void {
    this.#proxy.fail(fault)
  }

  heal(): void {
    this.#proxy.heal()
  }

  /** Switches it on again, at the same address. */
  async start(): Promise<void> {
    await this.#proxy.start()
  }

  get isOn(): boolean {
    return this.#proxy.isOn
  }

  /** Switches it off: connections are refused. Pushing still works. */
  async stop(): Promise<void> {
    await this.#proxy.stop()
  }

  /** Builds an image and pushes it as `name:tag`; resolves to the digest of its manifest. */
  async push(reference: string, content: ImageContent = {}): Promise<string> {
    const { name, tag } = split(reference)
    const image = makeImage(content)
    await this.#pushBlobs(name, image)
    return this.#putManifest(name, tag, image.manifest, MANIFEST)
  }

  /** Pushes an artifact with one file as `name:tag`; resolves to the digest of its manifest. */
  async pushArtifact(reference: string, contents: string | Buffer): Promise<string> {
    const { name, tag } = split(reference)
    const artifact = makeArtifact('model.bin', Buffer.from(contents))
    await this.#pushBlobs(name, artifact)
    return this.#putManifest(name, tag, artifact.manifest, MANIFEST)
  }

  /** Pushes one image for each architecture and, as `name:tag`, their index; resolves to its digest. */
  async pushIndex(
    reference: string,
    contents: Readonly<Record<string, ImageContent>>,
  ): Promise<string> {
    const { name, tag } = split(reference)
    const images = Object.fromEntries(
      Object.entries(contents).map(([architecture, content]) => [
        architecture,
        makeImage({ ...content, architecture }),
      ]),
    )
    for (const image of Object.values(images)) {
      await this.#pushBlobs(name, image)
      await this.#putManifest(name, image.manifest.digest, image.manifest, MANIFEST)
    }
    return this.#putManifest(name, tag, makeIndex(images), INDEX)
  }

  /** Builds an image and pushes it as `name:tag` with layers that only the owner of a key can read. */
  async pushEncrypted(
    reference: string,
    publicKey: string,
    content: ImageContent = {},
  ): Promise<void> {
    const dir = mkdtempSync(join(this.#area.dir, 'encrypted-'))
    const key = join(dir, 'public.pem')
    const archive = join(dir, 'plain.tar')
    writeFileSync(key, publicKey)
    writeFileSync(archive, makeOciArchive(content))
    const inside = (path: string) => inRootfs(this.#area, path)
    await runInRootfs(this.#area, [
      'skopeo',
      `--tmpdir=${inside(dir)}`,
      'copy',
      '--dest-tls-verify=false',
      `--encryption-key=jwe:${inside(key)}`,
      `oci-archive:${inside(archive)}`,
      `${this.#origin.replace('http', 'docker')}/${reference}`,
    ])
  }

  /** Deletes a manifest, as a garbage collection does. */
  async remove(name: string, digest: string): Promise<void> {
    await this.#send('DELETE', `${this.#origin}/v2/${name}/manifests/${digest}`)
  }

  async #pushBlobs(name: string, { blobs }: Image): Promise<void> {
    for (const { digest, data } of blobs) {
      const upload = await this.#send('POST', `${this.#origin}/v2/${name}/blobs/uploads/`)
      const url = new URL(upload.headers.get('location') ?? '', this.#origin)
      url.searchParams.set('digest', digest)
      await this.#send('PUT', url.href, data, 'application/octet-stream')
    }
  }

  async #putManifest(name: string, tag: string, { digest, data }: Blob, type: string) {
    await this.#send('PUT', `${this.#origin}/v2/${name}/manifests/${tag}`, data, type)
    return digest
  }

  async #send(method: string, url: string, body?: Buffer, type?: string): Promise<Response> {
    const response = await fetch(url, {
      method,
      headers: { ...this.#headers, ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    })
    if (!response.ok) {
      throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`)
    }
    return response
  }
}

const split = (reference: string): { readonly name: string; readonly tag: string } => {
  const [, name, tag] = /^([^:]+):([^:]+)$/.exec(reference) ?? []
  if (name === undefined || tag === undefined) throw new Error(`not name:tag: ${reference}`)
  return { name, tag }
}
