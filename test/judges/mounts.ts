import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { readRequest } from '../../lib/request/request.ts'
import { decodeCommandLine } from './decode-command-line.ts'
import type { Quadlet, QuadletOutput, QuadletService } from './quadlet.ts'
import { specifierValues } from './specifier-values.ts'

const own = 'registry.example/app:1'
const directory = 'usr/share/containers/systemd'

/** What the containers can name. */
const shared: Readonly<Record<string, string>> = {
  'a.image': '[Image]\nImage=registry.example/a:1\n',
  'v.volume': '[Volume]\nDriver=image\nImage=registry.example/%p:1\n',
  'w.volume': '[Volume]\nDriver="image"\nImage=a.image\n',
  'plain.volume': '[Volume]\nImage=registry.example/plain:1\n',
  'p.pod': '[Pod]\nVolume=v.volume:/pod\n',
}

const sources = [
  'registry.example/b:1',
  'registry.example/%p:1',
  'a.image',
  'v.volume',
  'w.volume',
  '/srv',
  'name',
]
const field = fc.constantFrom(
  'type=image',
  'type=volume',
  'type=bind',
  'type=image=',
  'type',
  'rw=true',
  'dst=/x',
  'destination=/y',
  ...sources.flatMap(source => [`source=${source}`, `src=${source}`]),
)
const mount = fc
  .array(field, { minLength: 1, maxLength: 4 })
  .chain(fields =>
    fc.constantFrom(
      `Mount=${fields.join(',')}`,
      `Mount="${fields.join(',')}"`,
      `Mount=${fields.map(each => `"${each}"`).join(',')}`,
      `Mount='type=tmpfs,dst=/t' ${fields.join(',')}`,
      `Mount="${fields.join(',')}`,
      `Mount=${fields.join(',\\\n')}`,
      `Mount=${fields.join(',\\\n ')}`,
      `Mount=${fields.join(', ')}`,
      `Mount=\\x74ype=image,${fields.join(',')}`,
    ),
  )
const volume = fc
  .tuple(
    fc.constantFrom(
      'v.volume',
      'w.volume',
      'plain.volume',
      '/srv',
      'name',
      '"v.volume',
      '%p.volume',
    ),
    fc.constantFrom('', ':/v', ':/v:ro', '"', ':/v"'),
  )
  .map(([source, rest]) => `Volume=${source}${rest}`)
const other = fc.constantFrom(
  'Mount=',
  'Volume=',
  'Pod=p.pod',
  'Volume=v.volume:/a\\\n',
  'Label=a=b',
)

/** Lines of a `[Container]` with mounts and volumes. */
export const mountLines: fc.Arbitrary<readonly string[]> = fc.array(
  fc.oneof({ weight: 4, arbitrary: mount }, { weight: 3, arbitrary: volume }, other),
  { minLength: 1, maxLength: 3 },
)

/** The images that a container mounts, or undefined if it is refused or could not start. */
export interface MountJudgement {
  readonly lines: readonly string[]
  readonly quadlet: readonly string[] | undefined
  readonly ours: readonly string[] | undefined
}

/** Gives containers with these lines to both, and removes them. */
export async function judgeMounts(
  quadlet: Quadlet,
  root: string,
  containers: readonly (readonly string[])[],
): Promise<readonly MountJudgement[]> {
  try {
    for (const [file, text] of Object.entries(shared)) write(root, `${directory}/${file}`, text)
    for (const [index, lines] of containers.entries()) {
      const text = ['[Container]', `Image=${own}`, ...lines, ''].join('\n')
      write(root, `${directory}/c${index}.container`, text)
      const entry = join(root, entries, `c${index}.container`)
      mkdirSync(dirname(entry), { recursive: true })
      symlinkSync(`/${directory}/c${index}.container`, entry)
    }
    const output = await quadlet.read(join(root, directory))
    const { specs, problems } = readRequest(root, { hostRoot: undefined, podmanVersion: [99, 0] })
    return containers.map((lines, index) => {
      const entry = `${entries}/c${index}.container`
      const names = specs.flatMap(spec => (spec.entry === entry ? [spec.boundImage.name] : []))
      return {
        lines,
        quadlet: quadletMounts(output, `c${index}.container`),
        ours: problems.some(problem => problem.entry === entry) ? undefined : imageSet(names),
      }
    })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const entries = 'usr/lib/bootc/bound-images.d'

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function imageSet(images: readonly string[]): readonly string[] {
  return [...new Set(images)].filter(image => image !== own).toSorted()
}

/** What podman would mount by the commands that Quadlet writes. */
function quadletMounts({ services }: QuadletOutput, file: string): MountJudgement['quadlet'] {
  const service = services.get(file)
  if (service === undefined) return undefined
  const words = commandWords(service)
  const mounts = words.flatMap((word, index) => (words[index - 1] === '--mount' ? [word] : []))
  const images = mounts.flatMap(mount => {
    const fields = mount.split(',')
    const type = fields.find(each => /^type=[^=]*$/u.test(each))
    const source = fields.findLast(each => /^(?:source|src)=/u.test(each))
    return type === 'type=image' ? [source?.replace(/^[^=]*=/u, '') ?? ''] : []
  })
  const pod = services.get('p.pod')
  const all = [words, pod && words.some(isPod) ? commandWords(pod) : []].flat()
  const inVolumes = ['v', 'w', 'plain'].flatMap(name =>
    all.some(word => new RegExp(`(?:^|[=,])systemd-${name}(?:[:,]|$)`, 'u').test(word))
      ? imageOfVolume(services.get(`${name}.volume`))
      : [],
  )
  // podman finds no image of another name when the container starts.
  if (images.some(image => !image.startsWith('registry.example/'))) return undefined
  return imageSet([...images, ...inVolumes])
}

/** By its name or, from Quadlet before 5.6, by its file. */
const isPod = (word: string) => word === 'systemd-p' || word.endsWith('/p-pod.pod-id')

function imageOfVolume(service: QuadletService | undefined): readonly string[] {
  const words = service === undefined ? [] : commandWords(service)
  return words.flatMap(word => (word.startsWith('image=') ? [word.slice('image='.length)] : []))
}

function commandWords({ unit, text }: QuadletService): readonly string[] {
  const lines = text.split('\n').flatMap(line => /^ExecStart(?:Pre)?=(.*)$/u.exec(line)?.[1] ?? [])
  return lines.flatMap(line => decodeCommandLine(line, specifierValues(unit)))
}
