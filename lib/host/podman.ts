// podman, asked about its image store. Failure policy: an image that cannot be inspected, for whatever
// reason, is not there; any other failure is an error.
import { execa } from 'execa'
import type { PodmanVersion } from '../plan/podman-version.ts'

/** Long for a question about local files; short enough for the gate, which has a minute. */
const timeout = 30_000

/** The version of the podman on this host. */
export async function podmanVersion(): Promise<PodmanVersion> {
  const { stdout } = await execa('podman', ['--version'], { timeout })
  const [, major, minor] = /(\d+)\.(\d+)/u.exec(stdout) ?? []
  if (major === undefined || minor === undefined)
    throw new Error(`podman --version printed ${JSON.stringify(stdout)}`)
  return [Number(major), Number(minor)]
}

/** Root directory of the store that `podman image pull` writes to. */
export async function imageStore(): Promise<string> {
  const { stdout } = await execa('podman', ['info', '--format', '{{.Store.GraphRoot}}'], {
    timeout,
  })
  return stdout
}

/**
 * Which of the images are in the store, whole as far as podman can tell. `podman image exists` is not
 * asked: after a power failure it says yes to images that cannot be mounted; `inspect` reads the
 * links between their layers.
 *
 * @param references image references
 */
export async function presentImages(references: readonly string[]): Promise<ReadonlySet<string>> {
  if (references.length === 0) return new Set()
  const all = await inspect(references)
  if (all !== undefined && all.length === references.length)
    return new Set(references.filter((reference, index) => isName(reference, all[index])))
  const present = new Set<string>()
  for (const reference of references) {
    const [id] = (await inspect([reference])) ?? []
    if (isName(reference, id)) present.add(reference)
  }
  return present
}

/** podman also finds an image by the start of its id; a reference that did is not that image's name. */
function isName(reference: string, id: string | undefined): boolean {
  return id !== undefined && !id.startsWith(reference)
}

/** The ids of the images in order, or undefined when one of them could not be inspected. */
async function inspect(references: readonly string[]): Promise<readonly string[] | undefined> {
  const format = '{{.Id}} {{.RootFS.Layers}}'
  const result = await execa(
    'podman',
    ['image', 'inspect', '--format', format, '--', ...references],
    {
      timeout,
      reject: false,
    },
  )
  if (result.timedOut || result.exitCode === undefined)
    throw new Error('podman image inspect did not end', { cause: result })
  if (result.exitCode !== 0) return undefined
  return result.stdout.split('\n').map(line => line.split(' ')[0] ?? '')
}
