// podman's store of artifacts: an OCI image layout in the root directory of its store (podman: pkg/libartifact/store;
// opencontainers/image-spec: image-layout.md). Read here, because podman's own list fails if an artifact has no name, and
// written here, because podman has no command that gives an artifact a name (podman 5.4 to 6.1). Failure policy: where there
// is no store, there are no artifacts; every other failure is an error.
import { createHash } from 'node:crypto'
import { chmodSync, createReadStream, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fields } from '../fields.ts'
import { listDirectory } from '../list-directory.ts'
import type { ImageStore } from '../facts/image-store.ts'
import { readRegularFile } from '../read-regular-file.ts'
import { writeFileSafely } from '../write-file-safely.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { StoreList } from './podman.ts'

/** A file of an artifact. Files are named by their checksum. */
interface Blob {
  readonly path: string
  readonly algorithm: string
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
    ids: new Set(entries.flatMap(({ id }) => id ?? [])),
    names: new Map(
      entries.flatMap(({ id, name }) =>
        name === undefined || id === undefined ? [] : [[name, id]],
      ),
    ),
  }
}

/** The digests of all files in the store. podman does not download them again. */
export function storedBlobs(store: ImageStore): ReadonlySet<string> {
  const names = listDirectory(join(store.directory, 'artifacts/blobs/sha256'))
  return new Set(names.map(name => `sha256:${name}`))
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
  if (readManifest(id, store) === undefined) return [pathOf('sha256', id, store)]
  const damaged: string[] = []
  // A manifest can name a file many times.
  const blobs = new Map((blobsOf(id, store) ?? []).map(blob => [blob.path, blob]))
  for (const blob of blobs.values())
    if (!hasItsSize(blob) || (await checksumOf(blob)) !== blob.checksum) damaged.push(blob.path)
  return damaged
}

/**
 * Moves podman's list of artifacts aside if it is damaged, as after a power failure: podman writes it in place, and no command
 * of podman works without it. The files stay, and the next pulls take them over.
 *
 * @returns where it is then; undefined if it is whole
 */
export async function setDamagedListAside(store: ImageStore): Promise<string | undefined> {
  // podman may be writing it.
  for (let tries = 3; tries > 0; tries--) {
    try {
      readIndex(store)
      return undefined
    } catch {
      await sleep(200)
    }
  }
  const aside = `${indexOf(store)}.damaged`
  renameSync(indexOf(store), aside)
  return aside
}

/**
 * Gives artifacts names. An artifact that loses its last name to another one gets a protecting one, and so does one of ours
 * that a pull of its tag has left without a name: podman's list of artifacts fails if one has none.
 *
 * @param isOurs whether an artifact with this ID is one of ours; others without a name are left alone
 * @param protectingName of the artifact with an ID
 */
export function nameArtifacts(
  taggings: readonly { readonly id: string; readonly name: string }[],
  store: ImageStore,
  isOurs: (id: string) => boolean,
  protectingName: (id: string) => string,
): void {
  const index = readIndex(store)
  const wanted = new Map(taggings.map(({ id, name }) => [name, id]))
  const old = entriesOf(index)
  const isLost = ({ id, name }: Entry) => name !== undefined && (wanted.get(name) ?? id) !== id
  const kept = old.filter(entry => !isLost(entry) && entry.name !== undefined)
  const present = new Set(kept.map(({ name }) => name))
  const added = [...wanted].flatMap(([name, id]) => {
    const entry = present.has(name) ? undefined : old.find(each => each.id === id)
    return entry === undefined ? [] : [{ ...entry, name }]
  })
  const named = new Set([...kept, ...added].map(({ id }) => id))
  const rest = old.flatMap((entry): readonly Entry[] => {
    const { id, name } = entry
    if (!isLost(entry) && (id === undefined || name !== undefined || !isOurs(id))) return [entry]
    if (id === undefined || named.has(id)) return []
    named.add(id)
    return [{ ...entry, name: protectingName(id) }]
  })
  const manifests = [...rest, ...added].map(({ name, descriptor }) =>
    name === undefined
      ? descriptor
      : { ...descriptor, annotations: { ...fields(descriptor['annotations']), [nameKey]: name } },
  )
  if (JSON.stringify(manifests) === JSON.stringify(index['manifests'] ?? [])) return
  writeIndex({ ...index, manifests }, store)
}

interface Entry {
  /** Undefined if its digest is of another algorithm. */
  readonly id: string | undefined
  readonly name: string | undefined
  readonly descriptor: Readonly<Record<string, unknown>>
}

function entriesOf({ manifests }: Readonly<Record<string, unknown>>): readonly Entry[] {
  return (Array.isArray(manifests) ? manifests : []).map(fields).map(descriptor => {
    const { algorithm, checksum } = parseDigest(descriptor['digest'])
    const name = fields(descriptor['annotations'])[nameKey]
    return {
      id: algorithm === 'sha256' ? checksum : undefined,
      name: typeof name === 'string' && name !== '' ? name : undefined,
      descriptor,
    }
  })
}

const indexOf = (store: ImageStore) => join(store.directory, 'artifacts/index.json')

function readIndex(store: ImageStore): Readonly<Record<string, unknown>> {
  const text = unlessMissing(() => readRegularFile(indexOf(store), maxIndexBytes))
  try {
    return text === undefined ? {} : fields(JSON.parse(text.toString()))
  } catch {
    throw new Error(`podman's list of artifacts, ${indexOf(store)}, is damaged`)
  }
}

function writeIndex(index: Readonly<Record<string, unknown>>, store: ImageStore): void {
  const { mode } = statSync(indexOf(store))
  writeFileSafely(indexOf(store), JSON.stringify(index))
  chmodSync(indexOf(store), mode)
}

/** @returns undefined if it is missing or damaged */
function readManifest(id: string, store: ImageStore): string | undefined {
  const text = unlessMissing(() => readRegularFile(pathOf('sha256', id, store), maxManifestBytes))
  return text !== undefined && createHash('sha256').update(text).digest('hex') === id
    ? text.toString()
    : undefined
}

/** @returns undefined if the manifest is missing or damaged, or names files in a way that is not known here */
function blobsOf(id: string, store: ImageStore): readonly Blob[] | undefined {
  const { config, layers } = fields(parse(readManifest(id, store) ?? ''))
  const described = [config, ...(Array.isArray(layers) ? layers : [])].map(fields)
  // What has its own addresses is not downloaded (containers/image: oci/layout).
  const own = described.filter(({ urls }) => !Array.isArray(urls) || urls.length === 0)
  const blobs = own.map(({ digest, size: bytes }) => {
    const { algorithm, checksum } = parseDigest(digest)
    return algorithm === undefined || checksum === undefined || typeof bytes !== 'number'
      ? undefined
      : { path: pathOf(algorithm, checksum, store), algorithm, checksum, bytes }
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

/** opencontainers/image-spec: descriptor.md, Registered Algorithms */
function parseDigest(digest: unknown): { algorithm?: string; checksum?: string } {
  const [, algorithm, checksum] =
    /^(sha256|sha384|sha512):([0-9a-f]{64,128})$/u.exec(String(digest)) ?? []
  return {
    ...(algorithm !== undefined && { algorithm }),
    ...(checksum !== undefined && { checksum }),
  }
}

function pathOf(algorithm: string, checksum: string, store: ImageStore): string {
  return join(store.directory, 'artifacts/blobs', algorithm, checksum)
}

function hasItsSize({ path, bytes }: Blob): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && found.size === bytes
}

async function checksumOf({ path, algorithm }: Blob): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
