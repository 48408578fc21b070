import { dirname, join } from 'node:path'
import { binaryTag, CORE_SCHEMA, loadAll, mergeTag, YAMLException } from 'js-yaml'
import { describeError } from '../text/describe-error.ts'
import { makeBoundImage, type BoundImage } from './bound-image.ts'
import { explain, Refusal, type Fault } from '../text/fault.ts'
import { containerModules } from './global-options.ts'
import { parseImageSource } from './image-source.ts'
import { isOfRegistry } from './mounted-images.ts'
import { pullWords } from './parse-container-file.ts'
import { parsePodmanArgs, type PullOption } from './pull-options.ts'
import { isKey, sectionKeys } from './section-keys.ts'
import { SectionReader } from '../quadlet/section-reader.ts'
import type { SpecContext } from './spec-context.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

const maxBytes = 1024 * 1024

/** Far above any real file. */
const maxKubeImages = 5000

/**
 * Determines the images of a `.kube` file: those of every container in its Kubernetes YAML.
 *
 * @param isNamed whether it is a fault if there are none
 */
export function parseKubeFile(
  unitFile: UnitFile,
  context: SpecContext,
  isNamed = true,
): { readonly boundImages: readonly BoundImage[]; readonly faults: readonly Fault[] } {
  const reader = new SectionReader(unitFile, 'Kube', context.specifiers)
  reader.refuseOtherKeys(sectionKeys.kube, isKey)
  const paths = reader.words('Yaml', words => words)
  if (paths.length === 0 && reader.faults.length === 0)
    reader.refuse('Yaml', 'no Yaml= in [Kube]', 'name the file with the pods')
  const modules = containerModules(reader, context.files)
  const optionsFor = pullArguments(reader, context)
  // A pull that ignores a requested option could store another image.
  if (reader.faults.length > 0) return { boundImages: [], faults: reader.faults }
  const origin = { ...reader.placeOf('Yaml'), key: 'Yaml' }
  const boundImages: BoundImage[] = []
  let count = 0
  for (const path of paths) {
    const images = yamlImages(path, context, reader)
    if (isNamed && images?.length === 0)
      reader.refuse('Yaml', `${path} contains no image`, 'remove the link')
    if (images === undefined) continue
    count += images.length
    if (count > maxKubeImages) {
      reader.refuse(
        'Yaml',
        `${path}: more than ${maxKubeImages} images, the maximum for one file`,
        'bind fewer',
      )
      return { boundImages: [], faults: reader.faults }
    }
    for (const image of images) {
      try {
        const source = parseImageSource(image, undefined, context)
        const options = optionsFor(source.registry)
        const parts = { source, globalOptions: modules, options, origin }
        boundImages.push(makeBoundImage(parts, context.logins))
      } catch (error) {
        const { reason, remedy } = explain(error)
        reader.refuse('Yaml', `${path}: image ${image}: ${reason}`, remedy)
      }
    }
  }
  return { boundImages, faults: reader.faults }
}

/**
 * The options in `PodmanArgs=` that affect the pull, by registry of the image. Only a password needs a
 * separate file for each registry. Without a password, all images share the options.
 */
function pullArguments(
  reader: SectionReader,
  context: SpecContext,
): (registry: string | undefined) => readonly PullOption[] {
  const read = (words: readonly string[], registry: string | undefined) =>
    parsePodmanArgs(words, { ...context, registry })
  const words = reader.words(
    'PodmanArgs',
    each => {
      // Errors do not depend on the registry. Report them here, where the line is known.
      read(each, 'any')
      return each
    },
    pullWords,
  )
  const hasPassword = words.some(word => /^--creds(?:=|$)/u.test(word))
  const known = new Map<string | undefined, readonly PullOption[]>()
  return registry => {
    const key = hasPassword ? registry : undefined
    const options = known.get(key) ?? read(words, registry)
    known.set(key, options)
    return options
  }
}

/** Resolves a relative path from the directory of the `.kube` file (quadlet.go, ConvertKube). */
function yamlImages(
  path: string,
  { files, specFile, yaml, podImages }: SpecContext,
  reader: SectionReader,
): readonly string[] | undefined {
  try {
    const absolute = path.startsWith('/') ? path : join(dirname(specFile), path)
    const known = podImages.get(absolute)
    if (known !== undefined) return known
    yaml.take(files.follow(absolute)?.stat.size ?? 0)
    const images = imagesOfPods(files.read(absolute, maxBytes).toString())
    podImages.set(absolute, images)
    return images
  } catch (error) {
    const { remedy = 'correct the file' } = explain(error)
    reader.refuse('Yaml', `${path}: ${yamlReason(error)}`, remedy)
    return undefined
  }
}

/** Omits the source excerpt that js-yaml appends to its message. */
function yamlReason(error: unknown): string {
  if (!(error instanceof YAMLException) || error.mark === undefined) return describeError(error)
  return `${error.reason} at line ${error.mark.line + 1}`
}

/** podman's parser also accepts merge keys (<<) and binary data in a Secret. */
const schema = CORE_SCHEMA.withTags(binaryTag, mergeTag)

/**
 * The images that `podman kube play` needs for a Kubernetes YAML: those of containers, init containers
 * and image volumes, in pods and in everything with a pod template, and of claimed volumes.
 *
 * @throws YAMLException if the text is not YAML
 * @throws Refusal for text that podman reads differently
 */
export function imagesOfPods(text: string): readonly string[] {
  const images = new Set<string>()
  const seen = { resources: new Set(), containers: new Set(), volumes: new Set() }
  for (const document of loadAll(text, { schema })) collect([document], images, seen)
  return [...images]
}

/** The lists that were already read, by their use. */
type Seen = Readonly<Record<'resources' | 'containers' | 'volumes', Set<unknown>>>

/**
 * Reads each list once: aliases can repeat a long list many times, and can refer to a list that contains
 * them.
 */
function collect(resources: unknown, images: Set<string>, seen: Seen): void {
  for (const resource of unseen(resources, seen.resources)) {
    // A List contains resources, a workload contains a pod template, a CronJob contains a job template.
    collect(field(resource, 'items'), images, seen)
    for (const spec of podSpecs(field(resource, 'spec'))) {
      const containers = [
        ...unseen(field(spec, 'initContainers'), seen.containers),
        ...unseen(field(spec, 'containers'), seen.containers),
      ].map(container => field(container, 'image'))
      const volumes = unseen(field(spec, 'volumes'), seen.volumes).map(volume =>
        field(field(volume, 'image'), 'reference'),
      )
      for (const image of [...containers, ...volumes].map(textOf))
        if (image !== '') images.add(image)
    }
    const claimed = textOf(claimedImage(resource))
    if (isOfRegistry(claimed)) images.add(claimed)
  }
}

/** The image of a volume of podman (podman-kube-play(1), Kubernetes PersistentVolumeClaims). podman does not pull it. */
function claimedImage(resource: unknown): unknown {
  if (own(resource, 'kind') !== 'PersistentVolumeClaim') return undefined
  const annotations = own(own(resource, 'metadata'), 'annotations')
  const isImage = own(annotations, 'volume.podman.io/driver') === 'image'
  return isImage ? own(annotations, 'volume.podman.io/image') : undefined
}

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined
}

function unseen(value: unknown, seen: Set<unknown>): readonly unknown[] {
  if (seen.has(value)) return []
  seen.add(value)
  return list(value)
}

function podSpecs(spec: unknown): readonly unknown[] {
  const template = field(field(spec, 'template'), 'spec')
  const job = field(field(field(field(spec, 'jobTemplate'), 'spec'), 'template'), 'spec')
  return [spec, template, job]
}

/** podman would convert a number to text. */
function textOf(image: unknown): string {
  if (typeof image === 'string') return image
  if (image === undefined || image === null) return ''
  throw new Refusal(`the image is of type ${typeof image}, not string`, 'put its name in quotes')
}

/** The keys on the path to an image. */
const keys = {
  items: /^items$/iu,
  spec: /^spec$/iu,
  template: /^template$/iu,
  jobTemplate: /^jobTemplate$/iu,
  initContainers: /^initContainers$/iu,
  containers: /^containers$/iu,
  volumes: /^volumes$/iu,
  image: /^image$/iu,
  reference: /^reference$/iu,
} as const

/** podman ignores the case of keys (sigs.k8s.io/yaml). */
function field(value: unknown, key: keyof typeof keys): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const miscased = miscasedKeys(value).find(name => keys[key].test(name))
  if (miscased !== undefined)
    throw new Refusal(
      `podman reads the key ${miscased} as ${key}, Kubernetes does not`,
      `write ${key}`,
    )
  return own(value, key)
}

const miscasedKeysOf = new WeakMap<object, readonly string[]>()

/** Searches each map once: aliases can repeat a large map many times. */
function miscasedKeys(map: object): readonly string[] {
  const known = miscasedKeysOf.get(map)
  if (known !== undefined) return known
  const miscased = Object.keys(map).filter(
    name => !Object.hasOwn(keys, name) && Object.values(keys).some(pattern => pattern.test(name)),
  )
  miscasedKeysOf.set(map, miscased)
  return miscased
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
