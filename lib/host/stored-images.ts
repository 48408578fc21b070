// podman, asked which images it has. Failure policy: an image that cannot be inspected, for whatever reason, is not
// there; any other failure is an error.
import { execa } from 'execa'
import type { Platform } from '../bound-images/platform.ts'
import type { ImageStore } from '../facts/image-store.ts'
import { parseDirectories } from './parse-directories.ts'
import { parseUnknownImages } from './parse-unknown-images.ts'
import { podmanFailure } from './podman-failure.ts'
import { podmanLimit } from './podman-limit.ts'

/** An image as podman has it. */
export interface StoredImage {
  /** Of its configuration, which names every layer's contents. */
  readonly id: string
  /** Of its manifest, and of the lists by which it was pulled. */
  readonly digests: ReadonlySet<string>
  readonly platform: Pick<Platform, 'os' | 'architecture'>
  /** Of its layers. They can be in a store that is not podman's own. */
  readonly directories: readonly string[]
}

/**
 * Which of the images are in the store, whole as far as podman can tell. `podman image exists` is not
 * asked: after a power failure it says yes to images that cannot be mounted; `inspect` reads the
 * links between their layers. One process, or two when images are missing.
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
  // Some are damaged, and podman names them in too many ways.
  if (rest.length === 1) return new Map()
  const middle = Math.ceil(rest.length / 2)
  return new Map([
    ...(await storedImages(rest.slice(0, middle), store)),
    ...(await storedImages(rest.slice(middle), store)),
  ])
}

/** An image says itself what its system and its architecture are, be it nonsense. */
const line = /^(\S+) (\S*) (null|\{.*?\}) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)" \[/u

/** The images, or the references that podman does not know when one could not be inspected. */
async function inspect(
  references: readonly string[],
  { options }: ImageStore,
): Promise<ReadonlyMap<string, StoredImage> | { readonly unknown: ReadonlySet<string> }> {
  if (references.length === 0) return new Map()
  // The layers are read only to see that they are there.
  const format =
    '{{.Id}} {{json .RepoDigests}} {{json .GraphDriver.Data}} {{json .Os}} {{json .Architecture}} {{.RootFS.Layers}}'
  const args = ['image', 'inspect', '--format', format, '--', ...references]
  const result = await execa('podman', [...options, ...args], {
    maxBuffer: Infinity,
    timeout: podmanLimit(),
    reject: false,
  })
  const { exitCode, stdout, stderr } = result
  // One that ended while this process was busy can count as timed out.
  if (exitCode === undefined || (result.timedOut && stdout === ''))
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
      // podman also finds an image by the start of its id; that is not its name.
      return id.startsWith(reference) ? [] : [[reference, image]]
    }),
  )
}
