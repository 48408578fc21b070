import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type TarContent, tar } from './tar.ts'

/** A blob as a manifest names it. */
export interface Blob {
  readonly digest: string
  readonly data: Buffer
}

/** One layer: compressed, as it is transferred, and the digest of what is in it. */
export interface Layer extends Blob {
  readonly diffId: string
}

export interface LayerContent {
  readonly files?: Readonly<Record<string, TarContent>>
  /** Size of a file `payload` of random bytes, which no compression makes smaller. */
  readonly bytes?: number
  /** Without, the archive has no entries for directories. */
  readonly directories?: boolean
}

export interface ImageContent extends LayerContent {
  /** Below the layer of `files` and `bytes`; made once and given to several images, they share it. */
  readonly layers?: readonly Layer[]
  readonly architecture?: string
  readonly cmd?: readonly string[]
}

export interface Image {
  readonly manifest: Blob
  readonly blobs: readonly Blob[]
}

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const INDEX = 'application/vnd.oci.image.index.v1+json'

/** Builds a layer, new with every call if it has random bytes. */
export const makeLayer = ({ files = {}, bytes = 0, directories = true }: LayerContent): Layer => {
  const contents = bytes === 0 ? files : { ...files, payload: randomBytes(bytes) }
  const archive = tar(contents, { directories })
  return { ...blob(gzipSync(archive, { level: 1 })), diffId: digest(archive) }
}

/** Builds an image in memory (OCI image specification). */
export const makeImage = (content: ImageContent): Image => {
  const layers = [...(content.layers ?? []), makeLayer(content)]
  const config = json({
    architecture: content.architecture ?? hostArchitecture(),
    os: 'linux',
    config: { Cmd: content.cmd ?? ['/id'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created_by: 'lab' })),
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map(layer => describe('application/vnd.oci.image.layer.v1.tar+gzip', layer)),
  })
  return { manifest, blobs: [...layers, config] }
}

/** Builds an artifact with one file (OCI image specification: manifest.md, artifacts; as `podman artifact add` does). */
export const makeArtifact = (name: string, data: Buffer): Image => {
  const file = blob(data)
  const config = blob(Buffer.from('{}'))
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: 'application/octet-stream',
    config: describe('application/vnd.oci.empty.v1+json', config),
    layers: [
      {
        ...describe('application/octet-stream', file),
        annotations: { 'org.opencontainers.image.title': name },
      },
    ],
  })
  return { manifest, blobs: [file, config] }
}

/** Builds the index (manifest list) that offers one image for each architecture. */
export const makeIndex = (images: Readonly<Record<string, Image>>): Blob =>
  json({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: Object.entries(images).map(([architecture, { manifest }]) => ({
      ...describe(MANIFEST, manifest),
      platform: { architecture, os: 'linux' },
    })),
  })

/**
 * Packs an image into one file, as `podman pull oci-archive:` reads it (OCI image layout), with or without
 * a name of its own in it.
 */
export const makeOciArchive = (content: ImageContent, name?: string): Buffer => {
  const { manifest, blobs } = makeImage(content)
  const annotations = name === undefined ? {} : { 'org.opencontainers.image.ref.name': name }
  const manifests = [{ ...describe(MANIFEST, manifest), annotations }]
  return tar({
    'oci-layout': JSON.stringify({ imageLayoutVersion: '1.0.0' }),
    'index.json': JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }),
    ...Object.fromEntries(
      [manifest, ...blobs].map(({ digest, data }) => [`blobs/${digest.replace(':', '/')}`, data]),
    ),
  })
}

const hostArchitecture = (): string => (process.arch === 'x64' ? 'amd64' : process.arch)

const describe = (mediaType: string, { digest, data }: Blob) => ({
  mediaType,
  digest,
  size: data.length,
})

const json = (value: unknown): Blob => blob(Buffer.from(JSON.stringify(value)))

const blob = (data: Buffer): Blob => ({ digest: digest(data), data })

const digest = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`
