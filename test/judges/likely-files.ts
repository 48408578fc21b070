import type { Random } from '../lab/campaign/random.ts'
import {
  fullImages,
  harmlessLines,
  imageLines,
  oddImages,
  oneOf,
  pullLines,
  shortImages,
  someOf,
  systemdSections,
} from './likely-lines.ts'

/** The Quadlet files of one application, in the likeness of those that people publish. */
export interface Application {
  /** Text by path, all below one directory. */
  readonly files: Readonly<Record<string, string>>
  /** The files that an OS would bind. Of a template, an instance. */
  readonly bound: readonly string[]
  /** The images of its Kubernetes YAML. */
  readonly yamlImages: readonly string[]
}

/** Writes the files of an application. All names begin with the prefix. */
export function makeApplication(random: Random, prefix: string): Application {
  const files: Record<string, string> = {}
  const bound: string[] = []
  const names = Array.from(
    { length: random.integer(1, 4) },
    (_, index) => `${prefix}-${'abcd'[index]}`,
  )
  const image = `${prefix}:latest.image`
  const hasImage = random.percent(45)
  const hasVolume = random.percent(40)
  const hasPod = random.percent(30)
  const image1 = hasImage ? random.choose([30, image], [70, `${prefix}.image`]) : undefined
  if (image1 !== undefined) {
    files[image1] = imageFile(random, prefix)
    bound.push(image1)
  }
  const [name] = (image1 ?? prefix).split('.image')
  const volume = hasVolume ? `${name}.volume` : undefined
  if (volume !== undefined) files[volume] = volumeFile(random, prefix, image1)
  const pod = hasPod ? `${prefix}.pod` : undefined
  if (pod !== undefined) files[pod] = podFile(random, prefix, volume)
  if (random.percent(40))
    files[`${prefix}.network`] = '[Network]\nSubnet=10.89.1.0/24\nLabel=app=shop\n'
  for (const each of names) {
    const isTemplate = random.percent(8)
    const file = `${each}${isTemplate ? '@' : ''}.container`
    files[file] = containerFile(random, each, { files, image: image1, volume, pod })
    bound.push(isTemplate ? `${each}@blue.container` : file)
    if (random.percent(20)) files[`${file}.d/10-local.conf`] = dropIn(random, each)
    if (random.percent(8)) files[`${prefix}-.container.d/50-site.conf`] = dropIn(random, each)
  }
  const yamlImages = random.percent(20) ? someOf(random, fullImages, 1, 3) : []
  if (yamlImages.length > 0) {
    files[`${prefix}-kube.kube`] = kubeFile(random, prefix)
    files[`${prefix}.yaml`] = podYaml(yamlImages.map(text => named(text, prefix)))
    bound.push(`${prefix}-kube.kube`)
  }
  return { files, bound, yamlImages: yamlImages.map(text => named(text, prefix)) }
}

const named = (text: string, name: string) => text.replaceAll('NAME', name)

interface Neighbours {
  readonly files: Readonly<Record<string, string>>
  readonly image: string | undefined
  readonly volume: string | undefined
  readonly pod: string | undefined
}

function containerFile(random: Random, name: string, others: Neighbours): string {
  const { image, volume, pod } = others
  const own = random.choose(
    [60, oneOf(random, fullImages)],
    [10, oneOf(random, shortImages)],
    [10, oneOf(random, oddImages)],
    [20, image ?? oneOf(random, fullImages)],
  )
  const network = Object.keys(others.files).find(file => file.endsWith('.network'))
  const lines = [
    `Image=${own}`,
    ...someOf(random, harmlessLines, 2, 14),
    ...(random.percent(25) ? someOf(random, pullLines, 1, 2) : []),
    ...(volume !== undefined && random.percent(60) ? [volumeUse(random, volume)] : []),
    ...(pod !== undefined && random.percent(70) ? [`Pod=${pod}`] : []),
    ...(network !== undefined && pod === undefined ? [`Network=${network}`] : []),
    ...(random.percent(12) ? [imageMount(random, image)] : []),
  ]
  return section(random, 'Container', name, shuffled(random, lines))
}

const volumeUse = (random: Random, volume: string) =>
  volume.includes(':')
    ? `Mount=type=volume,source=${volume},dest=/mnt/models,ro`
    : random.choose(
        [70, `Volume=${volume}:/var/lib/data:Z`],
        [30, `Mount=type=volume,source=${volume},destination=/data`],
      )

function imageMount(random: Random, image: string | undefined): string {
  const source = random.choose(
    [60, oneOf(random, fullImages)],
    [40, image ?? 'quay.io/models/tiny'],
  )
  return random.choose(
    [60, `Mount=type=image,source=${source},destination=/model,readwrite=false`],
    [25, `Mount=type=image,src=${source},dst=/model,subpath=/models`],
    [15, `PodmanArgs=--mount type=image,source=quay.io/models/NAME:v1,destination=/m`],
  )
}

function imageFile(random: Random, name: string): string {
  const image = random.choose(
    [75, oneOf(random, fullImages)],
    [10, oneOf(random, shortImages)],
    [15, oneOf(random, oddImages.slice(0, 7))],
  )
  return section(random, 'Image', name, [`Image=${image}`, ...someOf(random, imageLines, 0, 4)])
}

function volumeFile(random: Random, name: string, image: string | undefined): string {
  const lines = random.percent(50)
    ? ['Driver=image', `Image=${image ?? oneOf(random, fullImages)}`]
    : someOf(random, ['Driver=local', 'Label=app=NAME', 'User=999', 'Copy=true'], 0, 3)
  return section(random, 'Volume', name, lines)
}

function podFile(random: Random, name: string, volume: string | undefined): string {
  const lines = someOf(
    random,
    ['PodName=NAME', 'PublishPort=8443:443', 'Network=host', 'UserNS=auto'],
    0,
    3,
  )
  if (volume?.includes(':') === false && random.percent(40)) lines.push(`Volume=${volume}:/shared`)
  if (random.percent(20)) lines.push('PodmanArgs=--infra-image=registry.corp.example/pause:3.9')
  return section(random, 'Pod', name, lines)
}

function kubeFile(random: Random, name: string): string {
  const more = [
    'AutoUpdate=registry',
    'Network=host',
    'ConfigMap=cm.yaml',
    'PodmanArgs=--tls-verify=false',
  ]
  return section(random, 'Kube', name, [`Yaml=${name}.yaml`, ...someOf(random, more, 0, 2)])
}

function podYaml(images: readonly string[]): string {
  const containers = images.map((image, index) => `    - name: c${index}\n      image: ${image}\n`)
  return `# Save the output of this file and use kubectl create -f\napiVersion: v1\nkind: Pod\nmetadata:\n  name: app\nspec:\n  containers:\n${containers.join('')}`
}

const dropIn = (random: Random, name: string) =>
  section(random, 'Container', name, [
    random.choose(
      [50, oneOf(random, harmlessLines)],
      [30, `Image=${oneOf(random, fullImages)}`],
      [20, oneOf(random, pullLines)],
    ),
  ])

/** A file with a section of Quadlet among those of systemd, and the habits of its author. */
function section(random: Random, title: string, name: string, lines: readonly string[]): string {
  const others = [
    ...new Map(
      someOf(random, systemdSections, 0, 3).map(text => [text.slice(0, 5), text]),
    ).values(),
  ]
  const text = shuffled(random, [
    [`[${title}]`, ...lines.map(line => withHabits(random, line))].join('\n'),
    ...others,
  ])
  const head = random.percent(25) ? '# NAME.container\n; managed by hand\n\n' : ''
  const joined = named(`${head}${text.join('\n\n')}\n`, name)
  return random.percent(4) ? joined.replaceAll('\n', '\r\n') : joined
}

/** Blanks and comments. */
function withHabits(random: Random, line: string): string {
  return random.choose(
    [76, line],
    [6, line.replace('=', ' = ')],
    [5, `${line}${line.includes('\\\n') ? '' : '  '}`],
    [3, line.replace('=', '= ')],
    [6, `# see podman-systemd.unit(5)\n${line}`],
    [2, `\n${line}`],
    [2, `  ${line}`],
  )
}

function shuffled<T>(random: Random, all: readonly T[]): readonly T[] {
  const keyed = all.map(each => [random.fraction(), each] as const)
  return keyed.toSorted(([a], [b]) => a - b).map(([, each]) => each)
}
