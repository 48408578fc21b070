import { createHash } from 'node:crypto'
import { type Layer, makeLayer, type Registry } from '../lab.ts'
import type { Random } from './random.ts'

/** What is in a layer follows from this alone; no file of it is in a layer of another name. */
export interface LayerPlan {
  readonly name: string
  readonly size: 'small' | 'many files' | 'big'
  /** How long the registry thinks before it sends the layer, so that those of an image come one by one. */
  readonly delayMs: number
}

export interface ImagePlan {
  readonly name: string
  /** The lowest first. */
  readonly layers: readonly LayerPlan[]
}

/** An image in the registry. */
export interface KnownImage {
  readonly reference: string
  /** Of the list that `sha256sum` prints of all files, sorted by path. */
  readonly sum: string
  readonly files: number
}

/** In the images of all runs, so in those of the running and of the next version. */
export const commonLayer: LayerPlan = { name: 'common', size: 'many files', delayMs: 0 }

/** Draws two to five images that share some layers with each other or with those of other runs. */
export function drawImages(random: Random, run: string): readonly ImagePlan[] {
  const drawLayer = (name: string): LayerPlan => ({
    name,
    size: random.choose([40, 'small'], [30, 'many files'], [30, 'big']),
    delayMs: random.percent(50) ? random.integer(0, 1500) : 0,
  })
  const shared = drawLayer(`${run}-shared`)
  return Array.from({ length: random.integer(2, 5) }, (_, index) => {
    const name = `${run}-${'abcde'[index]}`
    return {
      name,
      layers: [
        ...(random.percent(40) ? [commonLayer] : []),
        ...(random.percent(50) ? [shared] : []),
        drawLayer(name),
      ],
    }
  })
}

/** Builds the images and pushes them. The registry forgets the delays of earlier ones. */
export async function pushImages(
  registry: Registry,
  plans: readonly ImagePlan[],
): Promise<readonly KnownImage[]> {
  const layers = new Map<string, Layer>()
  const known: KnownImage[] = []
  registry.heal()
  for (const { name, layers: wanted } of plans) {
    for (const plan of wanted.filter(({ name }) => !layers.has(name))) {
      const layer = makeLayer({ files: filesOf(plan) })
      layers.set(plan.name, layer)
      registry.fail({ match: layer.digest, delayMs: plan.delayMs })
    }
    await registry.push(`${name}:1`, {
      layers: wanted.flatMap(plan => layers.get(plan.name) ?? []),
      files: { id: name },
    })
    const files = { id: Buffer.from(name), ...Object.assign({}, ...wanted.map(filesOf)) }
    known.push({
      reference: `${registry.address}/${name}:1`,
      sum: sumOf(files),
      files: Object.keys(files).length,
    })
  }
  return known
}

/** Contents that no compression makes smaller. */
function filesOf({ name, size }: LayerPlan): Readonly<Record<string, Buffer>> {
  const { count, bytes } = {
    small: { count: 1, bytes: 2_000 },
    'many files': { count: 300, bytes: 700 },
    big: { count: 1, bytes: 3_000_000 },
  }[size]
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `${name}/${index}`,
      createHash('shake256', { outputLength: bytes }).update(`${name} ${index}`).digest(),
    ]),
  )
}

function sumOf(files: Readonly<Record<string, Buffer>>): string {
  const lines = Object.entries(files)
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([path, contents]) => `${sha256(contents)}  ${path}\n`)
  return sha256(lines.join(''))
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex')
}
