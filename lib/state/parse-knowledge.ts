import type { ImageKnowledge, Knowledge } from '../plan/knowledge.ts'

/** What one staging of a deployment has found out about its images. */
export interface StagingKnowledge {
  /** Name of the deployment. */
  readonly deployment: string
  /** Identifies the staging, see `stagingKey`. */
  readonly staging: string
  /** How often tags were resolved again because their images were gone, in all stagings of the deployment. */
  readonly timesResolvedAgain?: number | undefined
  readonly knowledge: Knowledge
}

/** Formats it as JSON. The same knowledge always gives the same text. */
export function formatKnowledge({ knowledge, ...rest }: StagingKnowledge): string {
  return `${JSON.stringify({ ...rest, images: Object.fromEntries(knowledge) }, undefined, 2)}\n`
}

/**
 * Parses the output of `formatKnowledge`.
 *
 * @returns undefined if the text has another format, or is about another deployment
 */
export function parseKnowledge(text: string, deployment: string): StagingKnowledge | undefined {
  const read = parseJson(text)
  if (!isStagingKnowledge(read) || read.deployment !== deployment) return undefined
  const { images, ...rest } = read
  return { ...rest, knowledge: new Map(Object.entries(images)) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** We are the only writer of the file. This only rejects files that another version wrote. */
function isStagingKnowledge(value: unknown): value is Omit<StagingKnowledge, 'knowledge'> & {
  readonly images: Readonly<Record<string, ImageKnowledge>>
} {
  return (
    typeof value === 'object' &&
    value !== null &&
    'deployment' in value &&
    'staging' in value &&
    'images' in value &&
    typeof value.images === 'object' &&
    value.images !== null
  )
}
