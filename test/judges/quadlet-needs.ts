import { decodeCommandLine } from './decode-command-line.ts'
import { joined } from './joined.ts'
import type { QuadletOutput, QuadletService } from './quadlet.ts'
import { specifierValues } from './specifier-values.ts'

/** The images that a service needs on disk, and the options with which its own is pulled. */
export interface Needs {
  readonly options: readonly string[]
  readonly images: readonly string[]
}

/** The services of Quadlet, by file and by unit. */
export class UnitsOfQuadlet {
  readonly #byFile: QuadletOutput['services']
  readonly #byUnit: ReadonlyMap<string, QuadletService>

  constructor({ services }: QuadletOutput) {
    this.#byFile = services
    this.#byUnit = new Map([...services.values()].map(service => [service.unit, service]))
  }

  ofFile(path: string): QuadletService | undefined {
    return this.#byFile.get(path)
  }

  /** The services that one needs, of files of a kind. */
  neededBy({ text }: QuadletService, kind: string): readonly QuadletService[] {
    const lines = [...text.matchAll(/^(?:Requires|BindsTo)=(.*)$/gmu)].map(
      ([, units = '']) => units,
    )
    return lines
      .flatMap(units => units.split(' '))
      .flatMap(unit => this.#byUnit.get(unit) ?? [])
      .filter(({ text: other }) => new RegExp(`^SourcePath=.*\\.${kind}$`, 'mu').test(other))
  }
}

/** What is known before the boot only stands for itself: it cannot be in the name of an image. */
function wordsOf({ unit, text }: QuadletService, instance?: string): readonly string[] {
  const name = instance === undefined ? unit : unit.replace(/@[^.]*\./u, `@${instance}.`)
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
  const literal = Object.fromEntries(letters.map(letter => [letter, `%${letter}`]))
  const known = Object.entries(specifierValues(name)).filter(([, value]) => value !== undefined)
  const lines = text.split('\n').flatMap(line => /^ExecStart(?:Pre)?=(.*)$/u.exec(line)?.[1] ?? [])
  // As they are.
  return decodeCommandLine(lines.at(-1)?.replaceAll('$', () => '$$') ?? '', {
    ...literal,
    ...Object.fromEntries(known),
  })
}

/** A `.image` file: what it pulls. */
export function ofImageFile(units: UnitsOfQuadlet, path: string): Needs | undefined {
  const service = units.ofFile(path)
  return service && pulled(service)
}

function pulled(service: QuadletService): Needs {
  const words = wordsOf(service)
  const own = words.slice(1, -1).filter(word => word !== 'image' && word !== 'pull')
  return { options: joined(own), images: words.slice(-1) }
}

/** A `.kube` file: the options. Its images are those of the YAML. */
export function ofKubeFile(units: UnitsOfQuadlet, path: string): Needs | undefined {
  const service = units.ofFile(path)
  if (service === undefined) return undefined
  const words = wordsOf(service)
  return { options: pullOptions(words.slice(0, -1)), images: [] }
}

/** A `.container` file: what it runs, what it mounts, and what its pod needs. */
export function ofContainer(
  units: UnitsOfQuadlet,
  path: string,
  entry: string,
  shortImages: readonly string[],
): Needs | undefined {
  const service = units.ofFile(path)
  if (service === undefined) return undefined
  const words = wordsOf(service, /@([^.]*)\./u.exec(entry)?.[1])
  const at = words.findIndex((word, index) => index > 1 && isImage(word, shortImages))
  // Quadlet 5.4 could not read the .image file, and writes a service that cannot start.
  if (words.includes('--rootfs')) return undefined
  if (at < 0) throw new Error(`no image in ${words.join(' ')}`)
  const name = words[at] ?? ''
  const pods = units.neededBy(service, 'pod')
  const infra = pods.flatMap(pod => valuesOf(wordsOf(pod), '--infra-image'))
  const images = units.neededBy(service, 'image')
  // Quadlet leaves the keys in a section for itself.
  const isFile = [...service.text.matchAll(/^Image=(.*)$/gmu)].at(-1)?.[1]?.endsWith('.image')
  const ownFile = images.find(each => isFile === true && pulled(each).images[0] === name)
  const volumes = [service, ...pods].flatMap(each => units.neededBy(each, 'volume'))
  const inVolumes = volumes.flatMap(volume =>
    wordsOf(volume).flatMap(word => /^image=(.*)$/u.exec(word)?.[1] ?? []),
  )
  // A name without a registry counts only if it is that of a .image file.
  const ofFiles = [...images, ...volumes.flatMap(volume => units.neededBy(volume, 'image'))]
  const known = new Set(ofFiles.flatMap(each => pulled(each).images))
  const all = [...mountsOf(words.slice(0, at)), ...inVolumes, ...infra]
  if (all.includes('')) return undefined
  const mounted = all.filter(image => isFull(image) || known.has(image))
  return {
    options: ownFile === undefined ? pullOptions(words.slice(0, at)) : pulled(ownFile).options,
    images: [name, ...mounted],
  }
}

const isFull = (word: string) =>
  /^(?:docker:\/\/)?(?:[\w-]+(?:\.[\w-]+)+(?::\d+)?|localhost|[\w-]+:\d+)\/[\w./-]+(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/u.test(
    word,
  )
const isImage = (word: string, shortImages: readonly string[]) =>
  isFull(word) || shortImages.includes(word) || /^'|^dir:| # |:\$\{TAG\}$/u.test(word)

function mountsOf(words: readonly string[]): readonly string[] {
  return valuesOf(words, '--mount').flatMap(mount => {
    const fields = mount.split(',')
    const source = fields.findLast(field => /^(?:source|src)=/u.test(field))
    return fields.includes('type=image') && source !== undefined
      ? [source.replace(/^[^=]*=/u, '')]
      : []
  })
}

function valuesOf(words: readonly string[], flag: string): readonly string[] {
  return words.flatMap((word, index) => {
    if (word.startsWith(`${flag}=`)) return [word.slice(flag.length + 1)]
    return words[index - 1] === flag ? [word] : []
  })
}

const pullFlags =
  /^--(?:module|authfile|cert-dir|creds|decryption-key|arch|os|variant|platform|tls-verify|retry|retry-delay)(?:=|$)/u

function pullOptions(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    if (!pullFlags.test(word)) return []
    return word.includes('=') ? [word] : [`${word}=${words[index + 1] ?? ''}`]
  })
}
