import { makeBoundImage, type BoundImage } from './bound-image.ts'
import { Refusal, type Fault } from '../text/fault.ts'
import { moduleOption, parseGlobalArgs } from './global-options.ts'
import { parseImageSource, refuseOtherName, type ImageSource } from './image-source.ts'
import { allTags, keyOptions, parsePodmanArgs, type PullOption } from './pull-options.ts'
import { refuseTwoSecrets } from './refuse-two-secrets.ts'
import { sectionKeys } from './section-keys.ts'
import { SectionReader } from '../quadlet/section-reader.ts'
import type { SpecContext } from './spec-context.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

/**
 * Determines the image of a `.image` file (podman: pkg/systemd/quadlet/quadlet.go, ConvertImage). Reads every
 * key: a pull that ignores one could store another image.
 */
export function parseImageFile(
  unitFile: UnitFile,
  context: SpecContext,
): { readonly boundImage?: BoundImage; readonly faults: readonly Fault[] } {
  const reader = new SectionReader(unitFile, 'Image', context.specifiers)
  reader.refuseOtherKeys(sectionKeys.image, () => true)

  const tag = reader.scalar('ImageTag')
  const source = reader.convert('Image', text => imageSource(text, tag, context))
  if (source === undefined && reader.faults.every(({ key }) => key !== 'Image'))
    reader.refuse('Image', 'no Image= in [Image]', 'name the image to pull')
  if (tag !== undefined && source?.registry !== undefined)
    reader.convert('ImageTag', text => refuseOtherName(text, source, context))

  const optionContext = { ...context, registry: source?.registry }
  const globalOptions = [
    ...reader.all('ContainersConfModule', value => moduleOption(value, context.files)),
    ...reader.words('GlobalArgs', words => parseGlobalArgs(words, context.files)),
  ]
  const options = [
    ...keyOptions(sectionKeys.image, reader, optionContext),
    ...reader.words('PodmanArgs', words => parsePodmanArgs(words, optionContext)),
  ]
  if (options.some(({ words }) => words[0] === '--all-tags'))
    reader.refuse('AllTags', allTags().message, allTags().remedy)
  refuseTwoPlatforms(options, reader)
  refuseTwoSecrets(options, reader)

  if (source === undefined || reader.faults.length > 0) return { faults: reader.faults }
  const origin = { ...reader.placeOf('Image'), key: 'Image' }
  const parts = { source, globalOptions, options, origin }
  return { boundImage: makeBoundImage(parts, context.logins), faults: [] }
}

function imageSource(text: string, tag: string | undefined, context: SpecContext): ImageSource {
  if (text === '') throw new Refusal('no image is named', 'name the image to pull')
  if (/^[^/:@]+\.(?:image|build)$/u.test(text))
    throw new Refusal('a .image file cannot refer to another unit', 'name an image')
  return parseImageSource(text, tag, context)
}

function refuseTwoPlatforms(options: readonly PullOption[], reader: SectionReader): void {
  const flags = options.map(({ flag }) => flag)
  if (flags.includes('--platform') && flags.some(flag => /^--(?:arch|os|variant)$/u.test(flag)))
    reader.refuse(
      'PodmanArgs',
      '--platform cannot be combined with Arch=, OS= or Variant=',
      'remove one',
    )
}
