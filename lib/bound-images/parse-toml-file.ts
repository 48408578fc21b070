import { parse, TomlError } from 'smol-toml'
import { describeError } from '../text/describe-error.ts'
import { makeBoundImage, type BoundImage } from './bound-image.ts'
import { explain, Refusal, type Fault } from '../text/fault.ts'
import { parseImageSource } from './image-source.ts'
import { valueOption, type PullOption } from './pull-options.ts'
import type { SpecContext } from './spec-context.ts'

const knownKeys = ['all', 'images', 'authfile']

interface TomlFile {
  readonly boundImages: readonly BoundImage[]
  readonly faults: readonly Fault[]
  /** Whether everything that Quadlet files of the deployment use is bound. */
  readonly isAll: boolean
}

/** Determines the images of a `.toml` spec: `images = [...]` and, for all of these, `authfile`; or `all = true`. */
export function parseTomlFile(text: string, context: SpecContext): TomlFile {
  const faults: Fault[] = []
  const table = parseTable(text, faults)
  if (table === undefined) return { boundImages: [], faults, isAll: false }
  const isAll = table['all'] === true
  if (!isAll && table['all'] !== undefined)
    faults.push({ key: 'all', reason: 'not true', remedy: 'write all = true, or remove it' })
  for (const key of Object.keys(table))
    if (!knownKeys.includes(key))
      faults.push({ key, reason: 'unknown key', remedy: `write ${knownKeys.join(', ')}` })
  const { images = isAll ? [] : undefined, authfile } = table
  if (!Array.isArray(images) || (images.length === 0 && !isAll) || !images.every(isText))
    faults.push({
      key: 'images',
      reason: 'images must be a non-empty list of strings',
      remedy: 'write images = ["registry/name:tag"]',
    })
  if (isAll && authfile !== undefined && (!Array.isArray(images) || images.length === 0))
    faults.push({
      key: 'authfile',
      reason: 'only the images of images= are pulled with it',
      remedy: 'write AuthFile= into .image files, or remove it',
    })
  const options = authFileOption(authfile, context, faults)
  if (options === undefined) return { boundImages: [], faults, isAll }
  const boundImages: BoundImage[] = []
  for (const image of Array.isArray(images) ? images.filter(isText) : []) {
    try {
      const source = parseImageSource(image, undefined, context)
      const parts = { source, globalOptions: [], options, origin: { key: 'images' } }
      boundImages.push(makeBoundImage(parts, context.logins))
    } catch (error) {
      const { reason, remedy } = explain(error)
      faults.push({ key: 'images', reason: `${image}: ${reason}`, remedy })
    }
  }
  return { boundImages, faults, isAll }
}

/** @returns undefined if the value is not a path, because the pull must not ignore requested credentials */
function authFileOption(
  authfile: unknown,
  context: SpecContext,
  faults: Fault[],
): readonly PullOption[] | undefined {
  if (authfile === undefined) return []
  try {
    if (!isText(authfile)) throw new Refusal('not a path', 'write authfile = "/path"')
    return [valueOption('--authfile', authfile, context)]
  } catch (error) {
    faults.push({ key: 'authfile', ...explain(error) })
    return undefined
  }
}

function parseTable(text: string, faults: Fault[]): Readonly<Record<string, unknown>> | undefined {
  try {
    return parse(text)
  } catch (error) {
    faults.push({
      ...(error instanceof TomlError && { line: error.line }),
      // smol-toml appends a source excerpt to its message.
      reason: describeError(error).replace(/\n.*$/su, ''),
      remedy: 'correct the TOML',
    })
    return undefined
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
