import { pulledImage, type BoundImage } from '../bound-images/bound-image.ts'
import { isInRegistry, wantedPlatform } from '../bound-images/platform.ts'
import { inspectOptions } from '../host/inspect-options.ts'
import { instanceLayers, resolveImage, type ResolvedImage } from '../host/skopeo.ts'
import { mapParallel } from '../map-parallel.ts'
import { describeError } from '../text/describe-error.ts'

/** Maximum number of concurrent requests to registries. Their answers are small. */
const parallel = 16

/** The answer of a registry about one image. */
interface Answer extends Partial<ResolvedImage> {
  /** Why the request failed; undefined if it succeeded or was not made. */
  readonly failure?: string
}

/** Answers of registries, by identity of the image. */
export type Answers = ReadonlyMap<string, Answer>

interface Limits {
  /** In milliseconds since 1970. */
  readonly deadline: number
  readonly containersDirectory: string | undefined
}

/** Resolves the names of images, with one request for nearly each. An image without an answer has an empty one. */
export function resolveAll(images: readonly BoundImage[], limits: Limits): Promise<Answers> {
  return askAll(images, limits, boundImage => {
    const { options } = boundImage
    const platform = wantedPlatform(options)
    return resolveImage(pulledImage(boundImage), inspectOptions(options), platform, limits)
  })
}

/** Adds the layers of the images that `answers` found in lists, with one more request for each. */
export async function findLayers(
  images: readonly BoundImage[],
  answers: Answers,
  limits: Limits,
): Promise<Answers> {
  const instanceOf = ({ identity }: BoundImage) => answers.get(identity)?.instance
  const inLists = images.filter(boundImage => instanceOf(boundImage) !== undefined)
  const found = await askAll(inLists, limits, async boundImage => {
    const { image, options } = boundImage
    const instance = instanceOf(boundImage) ?? ''
    const layers = await instanceLayers(image, instance, inspectOptions(options), limits)
    return layers === undefined ? {} : { layers }
  })
  return new Map([...answers, ...found])
}

async function askAll(
  images: readonly BoundImage[],
  { deadline }: Limits,
  question: (boundImage: BoundImage) => Promise<Answer>,
): Promise<Answers> {
  const ask = async (boundImage: BoundImage): Promise<Answer> => {
    if (!isInRegistry(boundImage.image) || deadline <= Date.now()) return {}
    try {
      return await question(boundImage)
    } catch (error) {
      return { failure: `${boundImage.name}: ${describeError(error)}` }
    }
  }
  return new Map(
    await mapParallel(images, parallel, async boundImage => {
      return [boundImage.identity, await ask(boundImage)] as const
    }),
  )
}
