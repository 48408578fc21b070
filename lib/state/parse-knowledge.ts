import type { ImageKnowledge, Knowledge } from '../plan/knowledge.ts'

/** What staging has found out about the images of one deployment, during one staging of it. */
export interface StagingKnowledge {
  /** Name of the deployment. */
  readonly deployment: string
  /** What tells this staging of it from another one. */
  readonly staging: string
  readonly knowledge: Knowledge
}

/** Turns it into text, always the same for the same knowledge. */
export function formatKnowledge({ knowledge, ...rest }: StagingKnowledge): string {
  return `${JSON.stringify({ ...rest, images: Object.fromEntries(knowledge) }, undefined, 2)}\n`
}

/**
 * Reads such a text.
 *
 * @returns undefined for one of another kind, or about another deployment
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

/** The file is ours alone; this tells it from one of another version. */
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
