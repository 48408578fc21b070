// podman: which images it has. Failure policy: an image that cannot be inspected, for any reason, counts as missing;
// any other failure is an error.
import { execa } from 'execa'
import type { Platform } from '../bound-images/platform.ts'
import type { ImageStore } from '../facts/image-store.ts'
import { parseDirectories } from './parse-directories.ts'
import { parseUnknownImages } from './parse-unknown-images.ts'
import { podmanFailure } from './podman-failure.ts'
import { podmanLimit } from './podman-limit.ts'

/** An image in podman's store. */
export interface StoredImage {
  /** Hash of its configuration, which has the hash of the contents of every layer. */
  readonly id: string
  /** Digests of its manifest, and of the manifest lists by which it was pulled. */
  readonly digests: ReadonlySet<string>
  readonly platform: Pick<Platform, 'os' | 'architecture'>
  /** Directories of its layers. They can be in an additional store. */
  readonly directories: readonly string[]
}

/**
 * Finds out which images are in the store, and whole as far as podman can tell. Uses `inspect`, which reads the links
 * between the layers: after a power failure, `podman image exists` succeeds for images that cannot be mounted. Runs one
 * process, two if images are missing, and more if images are damaged.
 *
 * @param references image references
 */
export async function storedImages(
  references: readonly string[],
  store: ImageStore,
): Promise<ReadonlyMap<string, StoredImage>> {
  const found = await inspect(references, store)
  if (!('unknown' in found)) return found
  const rest = references.filter(reference => !found.unknown.has(reference))
  if (rest.length < references.length) return storedImages(rest, store)
  // Some images are damaged. podman's errors name them in too many ways, so search by halves.
  if (rest.length === 1) return new Map()
  const middle = Math.ceil(rest.length / 2)
  return new Map([
    ...(await storedImages(rest.slice(0, middle), store)),
    ...(await storedImages(rest.slice(middle), store)),
  ])
}

/** Operating system and architecture come from the image and are untrusted. */
const line = /^(\S+) (\S*) (null|\{.*?\}) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)" \[/u

/** Returns the images, or, if one could not be inspected, the references that podman does not know. */
async function inspect(
  references: readonly string[],
  { options }: ImageStore,
): Promise<ReadonlyMap<string, StoredImage> | { readonly unknown: ReadonlySet<string> }> {
  if (references.length === 0) return new Map()
  // The layers are requested only to check that they exist.
  const format =
    '{{.Id}} {{json .RepoDigests}} {{json .GraphDriver.Data}} {{json .Os}} {{json .Architecture}} {{.RootFS.Layers}}'
  const args = ['image', 'inspect', '--format', format, '--', ...references]
  const result = await execa('podman', [...options, ...args], {
    maxBuffer: Infinity,
    timeout: podmanLimit(),
    reject: false,
  })
  const { exitCode, stdout, stderr } = result
  // execa can report a timeout for a podman that ended while this process was busy.
  if (exitCode === undefined || (result.timedOut && (exitCode !== 0 || stdout === '')))
    throw podmanFailure(result, args.slice(0, 2))
  const lines = stdout.split('\n')
  if (exitCode !== 0 || lines.length !== references.length)
    return { unknown: parseUnknownImages(stderr) }
  return new Map(
    references.flatMap((reference, index) => {
      const [, id, names = '', data = '', os = '', architecture = ''] =
        line.exec(lines[index] ?? '') ?? []
      if (id === undefined) return []
      const platform = { os, architecture }
      const digests = new Set(names.match(/sha256:[0-9a-f]{64}/gu))
      const image = { id, digests, platform, directories: parseDirectories(data) }
      // podman also finds an image by a prefix of its ID, which is not a name.
      return id.startsWith(reference) ? [] : [[reference, image]]
    }),
  )
}
