import { makeBoundImage, type BoundImage } from './bound-image.ts'
import { Refusal, type Fault } from '../text/fault.ts'
import { containerModules } from './global-options.ts'
import { parseImageSource } from './image-source.ts'
import { keyOptions, parsePodmanArgs } from './pull-options.ts'
import { isKey, pullFlags, sectionKeys } from './section-keys.ts'
import { SectionReader } from '../quadlet/section-reader.ts'
import type { SpecContext } from './spec-context.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

/** The image of a `.container` file: its own, or that of a `.image` file. */
export type ContainerImage =
  | { readonly boundImage: BoundImage }
  | { readonly imageFile: string; readonly place: Pick<Fault, 'file' | 'line'> }
  | { readonly faults: readonly Fault[] }

/**
 * Determines the image of a `.container` file (podman: pkg/systemd/quadlet/quadlet.go, ConvertContainer and
 * handleImageSource). Reads only those other keys that affect the pull.
 */
export function parseContainerFile(unitFile: UnitFile, context: SpecContext): ContainerImage {
  const reader = new SectionReader(unitFile, 'Container', context.specifiers)
  reader.refuseOtherKeys(sectionKeys.container, isKey)
  const text = reader.convert('Image', (value, asWritten) => {
    if (value.endsWith('.image') && asWritten.includes('%'))
      throw new Refusal(
        'Quadlet does not expand specifiers in the name of a .image file',
        'write it without specifiers',
      )
    if (value.endsWith('.build'))
      throw new Refusal('an image that is built on the host cannot be pulled', 'remove the link')
    return value
  })
  if (reader.scalar('Rootfs') !== undefined)
    reader.refuse('Rootfs', 'a container from a directory has no image', 'remove the link')
  else if ((text ?? '') === '' && reader.faults.every(({ key }) => key !== 'Image'))
    reader.refuse('Image', 'no Image= in [Container]', 'name the image to pull')

  const isImageFile = text?.endsWith('.image') === true
  if (isImageFile && reader.faults.length === 0)
    return { imageFile: text, place: reader.placeOf('Image') }
  const source =
    isImageFile || (text ?? '') === ''
      ? undefined
      : reader.convert('Image', value => parseImageSource(value, undefined, context))
  const optionContext = { ...context, registry: source?.registry }
  const options = [
    ...keyOptions(sectionKeys.container, reader, optionContext),
    ...reader.words('PodmanArgs', words => parsePodmanArgs(words, optionContext), pullWords),
  ]
  const modules = containerModules(reader, context.files)
  if (source === undefined || reader.faults.length > 0) return { faults: reader.faults }
  const origin = { ...reader.placeOf('Image'), key: 'Image' }
  return {
    boundImage: makeBoundImage({ source, globalOptions: modules, options, origin }, context.logins),
  }
}

/** Whether the image of a container is built on the host, or is a directory. Nobody can pull it. */
export function isBuiltHere(unitFile: UnitFile): boolean {
  const last = (key: string) => unitFile.get('Container')?.get(key)?.at(-1)?.value ?? ''
  return last('Rootfs') !== '' || /^"?localhost\/|\.build"?$/u.test(last('Image'))
}

/**
 * The words of `PodmanArgs=` that affect the pull of `podman run` or `podman kube play`. All other words are
 * for the container, so it does not matter which of them are options and which are values.
 */
export function pullWords(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    const flag = word.replace(/=.*$/su, '')
    const option = pullFlags.get(flag)
    if (option === undefined || option.isIrrelevant === true) return []
    const value = words[index + 1]
    return word === flag && option.read !== 'switch' && value !== undefined ? [word, value] : [word]
  })
}
