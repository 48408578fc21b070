import { isInRegistry, optionValue } from './platform.ts'
import type { BoundImage } from './bound-image.ts'

/** Whether the reference is a floating tag: the registry decides at each pull which image it means. */
export function isFloating({ name, digest, image, options }: BoundImage): boolean {
  const policy = options.findLast(({ flag }) => flag === '--policy')
  if (policy !== undefined && /^(?:missing|never)$/u.test(optionValue(policy))) return false
  return !isInRegistry(image) || !(digest !== undefined || name.includes('@'))
}
