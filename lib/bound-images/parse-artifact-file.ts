import { asArtifact, makeBoundImage, type BoundImage } from './bound-image.ts'
import { Refusal, type Fault } from '../text/fault.ts'
import { moduleOption, parseGlobalArgs } from './global-options.ts'
import { parseArtifactSource } from './image-source.ts'
import { keyOptions, parsePodmanArgs, type PullOption } from './pull-options.ts'
import { refuseTwoSecrets } from './refuse-two-secrets.ts'
import { sectionKeys } from './section-keys.ts'
import { SectionReader } from '../quadlet/section-reader.ts'
import type { SpecContext } from './spec-context.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'

/** Determines the artifact of a `.artifact` file (podman: pkg/systemd/quadlet/quadlet.go, ConvertArtifact). */
export function parseArtifactFile(
  unitFile: UnitFile,
  context: SpecContext,
): { readonly boundImage?: BoundImage; readonly faults: readonly Fault[] } {
  const reader = new SectionReader(unitFile, 'Artifact', context.specifiers)
  reader.refuseOtherKeys(sectionKeys.artifact, () => true)
  const source = reader.convert('Artifact', text =>
    text === '' ? undefined : parseArtifactSource(text, context),
  )
  if (source === undefined && reader.faults.every(({ key }) => key !== 'Artifact'))
    reader.refuse('Artifact', 'no Artifact= in [Artifact]', 'name the artifact to pull')
  const optionContext = { ...context, registry: source?.registry }
  const globalOptions = [
    ...reader.all('ContainersConfModule', value => moduleOption(value, context.files)),
    ...reader.words('GlobalArgs', words => parseGlobalArgs(words, context.files)),
  ]
  const options = [
    ...keyOptions(sectionKeys.artifact, reader, optionContext),
    ...reader.words('PodmanArgs', words => onlyForArtifacts(parsePodmanArgs(words, optionContext))),
  ]
  refuseTwoSecrets(options, reader)
  if (source === undefined || reader.faults.length > 0) return { faults: reader.faults }
  const origin = { ...reader.placeOf('Artifact'), key: 'Artifact' }
  const parts = { source, globalOptions, options, origin }
  return { boundImage: asArtifact(makeBoundImage(parts, context.logins)), faults: [] }
}

/** The options that only pulls of images have (podman: cmd/podman/artifact/pull.go). */
const onlyOfImages: ReadonlySet<string> = new Set([
  '--arch',
  '--disable-content-trust',
  '--os',
  '--platform',
  '--policy',
  '--variant',
])

function onlyForArtifacts(options: readonly PullOption[]): readonly PullOption[] {
  const option = options.find(({ flag }) => onlyOfImages.has(flag))
  if (option !== undefined)
    throw new Refusal(`podman artifact pull has no option ${option.flag}`, 'remove it')
  return options
}
