import { dirname, join } from 'node:path'
import { Lexer, LineCounter, parseAllDocuments, Parser } from 'yaml'
import { describeError } from '../describe-error.ts'
import { makeBoundImage, type BoundImage } from './bound-image.ts'
import { Refusal, type Fault } from './fault.ts'
import { moduleOption } from './global-options.ts'
import { parseImageSource } from './image-source.ts'
import { pullArguments } from './parse-container-file.ts'
import { knownKeys } from './quadlet-keys.ts'
import { SectionReader } from './section-reader.ts'
import type { SpecContext } from './spec-context.ts'
import type { UnitFile } from './unit-file.ts'

const mostBytes = 1024 * 1024

/** Far above any real pod; with some thousands, the parser would take Node down with it. */
const deepest = 200

/** Decides which images a `.kube` file needs: those of every container in its Kubernetes YAML. */
export function parseKubeFile(
  unitFile: UnitFile,
  context: SpecContext,
): { readonly boundImages: readonly BoundImage[]; readonly faults: readonly Fault[] } {
  const reader = new SectionReader(unitFile, 'Kube', context.specifiers)
  reader.refuseOtherKeys(knownKeys.kube)
  const paths = reader.words('Yaml', words => words)
  if (paths.length === 0 && reader.faults.length === 0)
    reader.refuse('Yaml', 'no Yaml= in [Kube]', 'name the file with the pods')
  const modules = reader.all('ContainersConfModule', value => moduleOption(value, context.files))
  if (reader.faults.length > 0) return { boundImages: [], faults: reader.faults }
  const origin = { ...reader.placeOf('Yaml'), key: 'Yaml' }
  const boundImages: BoundImage[] = []
  for (const path of paths)
    for (const image of yamlImages(path, context, reader)) {
      try {
        const source = parseImageSource(image, undefined, context)
        const known = reader.faults.length
        const options = pullArguments(reader, { ...context, registry: source.registry })
        // A pull without an option that is asked for could bring another image.
        if (reader.faults.length > known) return { boundImages: [], faults: reader.faults }
        const parts = { source, globalOptions: modules, options, origin }
        boundImages.push(makeBoundImage(parts, context.logins))
      } catch (error) {
        const remedy = error instanceof Refusal ? error.remedy : undefined
        reader.refuse('Yaml', `${path}: image ${image}: ${describeError(error)}`, remedy)
      }
    }
  return { boundImages, faults: reader.faults }
}

/** A relative path starts at the `.kube` file (quadlet.go, ConvertKube). */
function yamlImages(
  path: string,
  { files, specFile }: SpecContext,
  reader: SectionReader,
): readonly string[] {
  try {
    const absolute = path.startsWith('/') ? path : join(dirname(specFile), path)
    const images = imagesOfPods(files.read(absolute, mostBytes).toString())
    if (images.length === 0) reader.refuse('Yaml', `${path} names no image`, 'remove the link')
    return images
  } catch (error) {
    reader.refuse('Yaml', `${path}: ${describeError(error)}`, 'correct the file')
    return []
  }
}

/**
 * The images that `podman kube play` would pull for a Kubernetes YAML: of containers, init containers and
 * image volumes of pods, and of everything that has a template of pods.
 *
 * @throws Error naming the line of what is no YAML
 */
export function imagesOfPods(text: string): readonly string[] {
  refuseDeepNesting(text)
  const images: string[] = []
  const lineCounter = new LineCounter()
  const options = {
    // podman's parser knows merge keys (<<), which YAML 1.2 has no more.
    merge: true,
    // Both take time that grows with the square of the file.
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter,
  }
  for (const document of parseAllDocuments(text, options)) {
    if (!('errors' in document)) continue
    const [error] = document.errors
    if (error !== undefined)
      throw new Error(`${error.message} at line ${lineCounter.linePos(error.pos[0]).line}`)
    collect(document.toJS({ maxAliasCount: 100 }), images)
  }
  return [...new Set(images)]
}

/** Looks at the tokens alone, which takes no stack. */
function refuseDeepNesting(text: string): void {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    Array.from(parser.next(lexeme))
    if (parser.stack.length > deepest) throw new Error('the YAML is nested too deeply')
  }
}

function collect(resource: unknown, images: string[]): void {
  // A List holds resources, a workload a template of pods, a CronJob a template of jobs.
  for (const item of list(field(resource, 'items'))) collect(item, images)
  const specs = podSpecs(field(resource, 'spec'))
  for (const spec of specs) {
    const containers = [
      ...list(field(spec, 'initContainers')),
      ...list(field(spec, 'containers')),
    ].map(container => field(container, 'image'))
    const volumes = list(field(spec, 'volumes')).map(volume =>
      field(field(volume, 'image'), 'reference'),
    )
    for (const image of [...containers, ...volumes])
      if (typeof image === 'string' && image !== '') images.push(image)
  }
}

function podSpecs(spec: unknown): readonly unknown[] {
  const template = field(field(spec, 'template'), 'spec')
  const job = field(field(field(field(spec, 'jobTemplate'), 'spec'), 'template'), 'spec')
  return [spec, template, job]
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(key)
    : undefined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
