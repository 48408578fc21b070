import { describeError } from '../describe-error.ts'
import type { Fault } from './fault.ts'
import { isImageReference } from './image-reference.ts'
import { lookup, type Assignment, type UnitFile } from './unit-file.ts'

/** What a bound-image spec asks for, validated. */
export interface BoundImage {
  /** An image reference, see `isImageReference`. */
  readonly image: string
  /** Absolute path as the new deployment will see it. */
  readonly authFile?: string | undefined
  /** Undefined leaves the choice to podman's configuration. */
  readonly tlsVerify?: boolean | undefined
}

export type SpecKind = 'image' | 'container'

/** The keys of a `.image` that are understood, and those that do not concern the pull. */
const imageKeys = new Set(['Image', 'AuthFile', 'TLSVerify', 'ServiceName'])

/**
 * Decides what a spec asks for (podman: pkg/systemd/quadlet/quadlet.go, ConvertImage and
 * handleImageSource). Every key of a `.image` counts, so one that is not understood is a fault: a pull
 * that ignores it would bring another image. Of a `.container` only `Image=` concerns the pull.
 */
export function toBoundImage(
  unitFile: UnitFile,
  kind: SpecKind,
): { readonly boundImage?: BoundImage; readonly faults: readonly Fault[] } {
  const faults: Fault[] = []
  const section = kind === 'image' ? 'Image' : 'Container'
  const read = <T>(key: string, convert: (text: string) => T): T | undefined => {
    const assignment = lookup(unitFile, section, key)
    try {
      return assignment === undefined ? undefined : convert(literal(assignment))
    } catch (error) {
      faults.push({ line: assignment?.line, key, reason: describeError(error) })
      return undefined
    }
  }

  if (kind === 'image')
    for (const [key, [first]] of unitFile.get(section) ?? [])
      if (!imageKeys.has(key))
        faults.push({
          line: first?.line,
          key,
          reason: `this key is not supported; supported in [Image]: ${[...imageKeys].join(', ')}`,
        })

  const image = read('Image', text => imageReference(text, kind))
  if (lookup(unitFile, section, 'Image') === undefined)
    faults.push({ key: 'Image', reason: `no Image= in [${section}]; name the image to pull` })
  const authFile = kind === 'image' ? read('AuthFile', absolutePath) : undefined
  const tlsVerify = kind === 'image' ? read('TLSVerify', boolean) : undefined

  if (image === undefined || faults.length > 0) return { faults }
  return { boundImage: { image, authFile, tlsVerify }, faults }
}

/**
 * The text of a scalar value: one pair of double quotes around it removed, `%%` made `%`. Specifiers
 * and variables would be expanded by systemd on the running new deployment only, so they are
 * refused (bootc: crates/lib/src/boundimage.rs, parse_spec_value).
 */
function literal({ value, continued }: Assignment): string {
  if (continued) throw new Error('the value spans several lines; write it on one')
  const inner = /^"(.*)"$/su.exec(value)?.[1] ?? value
  if (inner.startsWith('"') || inner.endsWith('"'))
    throw new Error('quotes that podman versions read differently; remove them')
  if (inner.includes('$'))
    throw new Error('variables ($) are not supported; write the value itself')
  const specifier = /%[^%]?/u.exec(inner.replaceAll('%%', ''))?.[0]
  if (specifier !== undefined)
    throw new Error(
      `systemd specifiers (${specifier}) are not supported; write the value itself, and %% for a percent sign`,
    )
  return inner.replaceAll('%%', '%')
}

function imageReference(text: string, kind: SpecKind): string {
  if (kind === 'container' && text.endsWith('.image'))
    throw new Error('this names another unit; link that .image file into bound-images.d instead')
  if (kind === 'container' && text.endsWith('.build'))
    throw new Error('an image that is built on the host cannot be pulled; remove the link')
  if (!isImageReference(text))
    throw new Error('not an image reference; write registry/name:tag or registry/name@digest')
  return text
}

function absolutePath(text: string): string | undefined {
  if (text === '') return undefined // Quadlet: an empty value unsets the key
  if (!text.startsWith('/')) throw new Error('not an absolute path; start it with /')
  return text
}

/** Stricter than Quadlet, which takes every word it does not know, `ture` too, for false. */
function boolean(text: string): boolean {
  const word = text.toLowerCase()
  if (['1', 'yes', 'true', 'on'].includes(word)) return true
  if (['0', 'no', 'false', 'off'].includes(word)) return false
  throw new Error('not a boolean; write true or false')
}
