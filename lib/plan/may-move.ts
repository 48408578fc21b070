import { isInRegistry, optionValue } from '../render/inspect-options.ts'
import type { BoundImage } from '../spec/bound-image.ts'

/** Whether the registry decides what the name means, each time anew. */
export function mayMove({ name, digest, image, options }: BoundImage): boolean {
  const policy = options.findLast(({ flag }) => flag === '--policy')
  if (policy !== undefined && /^(?:missing|never)$/u.test(optionValue(policy))) return false
  return !isInRegistry(image) || !(digest !== undefined || name.includes('@'))
}
