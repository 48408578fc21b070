// podman's store of artifacts: an OCI image layout in the root directory of its store (podman: pkg/libartifact/store;
// opencontainers/image-spec: image-layout.md). Read here, because podman's own list fails if an artifact has no name, and
// written here, because podman has no command that gives an artifact a name (podman 5.4 to 6.1). Failure policy: where there
// is no store, there are no artifacts; every other failure is an error.
import { createHash } from 'node:crypto'
import { chmodSync, createReadStream, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fields } from '../fields.ts'
import type { ImageStore } from '../facts/image-store.ts'
import { readRegularFile } from '../read-regular-file.ts'
import { writeFileSafely } from '../write-file-safely.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { StoreList } from './podman.ts'

/** A file of an artifact. Files are named by their checksum. */
interface Blob {
  readonly path: string
  readonly checksum: string
  readonly bytes: number
}

const nameKey = 'org.opencontainers.image.ref.name'
const maxIndexBytes = 64 * 1024 * 1024
/** Registries accept no larger ones. */
const maxManifestBytes = 4 * 1024 * 1024

/** Lists the artifacts. The ID of an artifact is the checksum of its manifest. */
export function listArtifacts(store: ImageStore): StoreList {
  const entries = entriesOf(readIndex(store))
  return {
    ids: new Set(entries.map(({ id }) => id)),
    names: new Map(entries.flatMap(({ id, name }) => (name === undefined ? [] : [[name, id]]))),
  }
}

/** Whether every file of an artifact is there, with its size. Says nothing about what is in them, but in the manifest. */
export function isArtifactComplete(id: string, store: ImageStore): boolean {
  return blobsOf(id, store)?.every(hasItsSize) === true
}

/**
 * The files of an artifact that do not have the contents that their names say. podman takes them over at the next pull,
 * so remove them first.
 *
 * @returns paths
 */
export async function damagedFiles(id: string, store: ImageStore): Promise<readonly string[]> {
  const blobs = blobsOf(id, store)
  if (blobs === undefined) return [pathOf(id, store)]
  const damaged: string[] = []
  for (const { path, checksum, bytes } of blobs)
    if (!hasItsSize({ path, checksum, bytes }) || (await checksumOf(path)) !== checksum)
      damaged.push(path)
  return damaged
}

/**
 * Gives artifacts names. An artifact that loses its name to another one, or has none, gets a protecting one.
 *
 * @param protectingName of the artifact with an ID
 */
export function nameArtifacts(
  taggings: readonly { readonly id: string; readonly name: string }[],
  store: ImageStore,
  protectingName: (id: string) => string,
): void {
  const index = readIndex(store)
  const wanted = new Map(taggings.map(({ id, name }) => [name, id]))
  const old = entriesOf(index).map(({ id, name, descriptor }) => {
    const isTaken = name !== undefined && (wanted.get(name) ?? id) !== id
    return { id, name: isTaken ? undefined : name, descriptor }
  })
  const named = new Set(old.flatMap(({ name }) => name ?? []))
  const added = [...wanted].flatMap(([name, id]) => {
    const descriptor = named.has(name) ? undefined : old.find(entry => entry.id === id)?.descriptor
    return descriptor === undefined ? [] : [{ id, name, descriptor }]
  })
  const withNames = [...old.filter(({ name }) => name !== undefined), ...added]
  const nameless = new Map(old.map(entry => [entry.id, entry]))
  for (const { id } of withNames) nameless.delete(id)
  const kept = [...nameless.values()].map(entry => ({ ...entry, name: protectingName(entry.id) }))
  const manifests = [...withNames, ...kept].map(({ name, descriptor }) => ({
    ...descriptor,
    annotations: { ...fields(descriptor['annotations']), [nameKey]: name },
  }))
  if (JSON.stringify(manifests) === JSON.stringify(index['manifests'] ?? [])) return
  writeIndex({ ...index, manifests }, store)
}

interface Entry {
  readonly id: string
  readonly name: string | undefined
  readonly descriptor: Readonly<Record<string, unknown>>
}

function entriesOf({ manifests }: Readonly<Record<string, unknown>>): readonly Entry[] {
  return (Array.isArray(manifests) ? manifests : []).map(fields).flatMap(descriptor => {
    const id = checksumIn(descriptor['digest'])
    const name = fields(descriptor['annotations'])[nameKey]
    return id === undefined
      ? []
      : [{ id, name: typeof name === 'string' && name !== '' ? name : undefined, descriptor }]
  })
}

const indexOf = (store: ImageStore) => join(store.directory, 'artifacts/index.json')

function readIndex(store: ImageStore): Readonly<Record<string, unknown>> {
  const text = unlessMissing(() => readRegularFile(indexOf(store), maxIndexBytes))
  return text === undefined ? {} : fields(JSON.parse(text.toString()))
}

function writeIndex(index: Readonly<Record<string, unknown>>, store: ImageStore): void {
  const { mode } = statSync(indexOf(store))
  writeFileSafely(indexOf(store), JSON.stringify(index))
  chmodSync(indexOf(store), mode)
}

/** @returns undefined if the manifest is missing or damaged, or names files in a way that is not known here */
function blobsOf(id: string, store: ImageStore): readonly Blob[] | undefined {
  const path = pathOf(id, store)
  const text = unlessMissing(() => readRegularFile(path, maxManifestBytes))
  if (text === undefined || createHash('sha256').update(text).digest('hex') !== id) return undefined
  const { config, layers } = fields(parse(text.toString()))
  const blobs = [config, ...(Array.isArray(layers) ? layers : [])].map(fields).map(each => {
    const checksum = checksumIn(each['digest'])
    const bytes = each['size']
    return checksum === undefined || typeof bytes !== 'number'
      ? undefined
      : { path: pathOf(checksum, store), checksum, bytes }
  })
  return blobs.every(blob => blob !== undefined) ? blobs : undefined
}

/** It comes from a registry. */
function parse(manifest: string): unknown {
  try {
    return JSON.parse(manifest)
  } catch {
    return undefined
  }
}

function checksumIn(digest: unknown): string | undefined {
  return typeof digest === 'string' ? /^sha256:([0-9a-f]{64})$/u.exec(digest)?.[1] : undefined
}

function pathOf(checksum: string, store: ImageStore): string {
  return join(store.directory, 'artifacts/blobs/sha256', checksum)
}

function hasItsSize({ path, bytes }: Blob): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && found.size === bytes
}

async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
