import { isDeepStrictEqual } from 'node:util'
import type { Pull } from '../plan/plan-pulls.ts'
import type { Request } from '../request/request.ts'
import { readKnowledge, writeKnowledge } from '../state/knowledge-file.ts'
import { resolveAll } from './ask-registries.ts'

/** Maximum number of times for one deployment, for a registry that replaces its images faster than they are pulled. */
const maxTimes = 3

/**
 * Resolves the tags of failed pulls again if the registry does not have the images any more to which staging resolved
 * them: somebody has pushed the tags anew. Never changes a digest that a spec names. Call it while holding the staging
 * lock.
 *
 * @param failed the pulls that were given up
 * @param deadline for the registries, in milliseconds since 1970
 * @param report takes a line for people
 * @returns whether a tag now refers to another image, so that the pulls must be planned again
 */
export async function resolveAgain(
  { name, specs, containersDirectory }: Pick<Request, 'name' | 'specs' | 'containersDirectory'>,
  failed: readonly Pick<Pull, 'boundImage'>[],
  deadline: number,
  report: (line: string) => void,
): Promise<boolean> {
  const last = readKnowledge(name)
  const images = failed
    .map(({ boundImage }) => boundImage)
    .filter(({ digest }) => digest !== undefined)
  const { timesResolvedAgain: times = 0 } = last ?? {}
  if (last === undefined || images.length === 0 || times >= maxTimes) return false
  const limits = { deadline, containersDirectory }
  const answers = await resolveAll(images, limits)
  const gone = new Map(
    images
      .filter(({ identity }) => answers.get(identity)?.failure?.includes(': manifest unknown'))
      .map(({ identity, digest }) => [identity, digest]),
  )
  // Specs have no digest of ours.
  const tags = specs
    .map(({ boundImage }) => boundImage)
    .filter(({ identity }) => gone.has(identity))
  const now = await resolveAll(tags, limits)
  const knowledge = new Map(last.knowledge)
  for (const { identity, name: image } of tags) {
    const [old, digest] = [gone.get(identity), now.get(identity)?.digest]
    if (digest === undefined || digest === old) continue
    knowledge.set(identity, { digest })
    report(`${image}: the registry has ${digest} instead of ${old} by now`)
  }
  if (isDeepStrictEqual(knowledge, last.knowledge)) return false
  writeKnowledge({ ...last, timesResolvedAgain: times + 1, knowledge })
  return true
}
