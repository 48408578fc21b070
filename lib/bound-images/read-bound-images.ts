import type { DeploymentFiles } from '../root/deployment-files.ts'
import { maxImages, type BoundImage } from './bound-image.ts'
import { explain, type Fault, type SpecProblem } from '../text/fault.ts'
import { followEntry } from './follow-entry.ts'
import { listEntries, type Entry } from './list-entries.ts'
import { shorten } from '../text/shorten.ts'
import { printable } from '../text/printable.ts'
import { UnresolvedPath } from '../root/resolve-in-root.ts'
import type { Spec } from './spec.ts'
import { SpecReader, type SpecReaderOptions } from './spec-reader.ts'

/** A bound image and the entry that asks for it. */
export interface BoundImageSpec {
  /** Path of the entry below the root, as printable text. */
  readonly entry: string
  /** Path in the deployment of the file that the entry leads to, if it is another file. */
  readonly file?: string | undefined
  readonly boundImage: BoundImage
}

export interface BoundImages {
  readonly specs: readonly BoundImageSpec[]
  readonly problems: readonly SpecProblem[]
}

/** Maximum number of faults for each spec, so that a broken file does not flood the journal. */
const maxFaults = 20

/**
 * Reads every bound-image spec of a deployment, sorted by entry name. A spec that cannot be used becomes a
 * problem; the others are still read.
 *
 * @param directories directories to read instead of `specDirectories`
 * @param reader remembers what it has read, for further questions
 */
export function readBoundImages(
  files: DeploymentFiles,
  options: SpecReaderOptions,
  directories?: readonly string[],
  reader = new SpecReader(files, options),
): BoundImages {
  const problems: SpecProblem[] = []
  const entries = listEntries(files, problems, directories)
  if (entries.length === 0) return { specs: [], problems }
  const specs: BoundImageSpec[] = []
  for (const entry of entries) {
    const spec = readEntry(files, reader, entry)
    const { file } = spec
    const { boundImages, faults } = withRoomFor(spec, maxImages - specs.length)
    for (const boundImage of boundImages) specs.push({ entry: entry.label, file, boundImage })
    if (faults.length > 0)
      problems.push({ entry: entry.label, file, faults: atMost(byLine(faults)) })
  }
  return { specs: withoutNamed(specs), problems }
}

const danglingRemedy = 'correct or remove the link, or add the file to the OS image'

function readEntry(
  files: DeploymentFiles,
  reader: SpecReader,
  entry: Entry,
): Spec & { readonly file?: string | undefined } {
  let file: string | undefined
  try {
    if (entry.name.endsWith('.toml')) return reader.readToml(entry.path)
    const quadletFile = followEntry(files, reader.quadlet, entry)
    file = printable(quadletFile.path)
    return { ...reader.readQuadlet(quadletFile), file }
  } catch (error) {
    const { reason, remedy = error instanceof UnresolvedPath ? danglingRemedy : undefined } =
      explain(error)
    return { file, boundImages: [], faults: [{ reason, remedy }] }
  }
}

/** The options of a spec that names an image decide how it is pulled, also for those who mount it by its name. */
function withoutNamed(specs: readonly BoundImageSpec[]): readonly BoundImageSpec[] {
  const isByName = ({ boundImage }: BoundImageSpec) => boundImage.mountedBy === 'name'
  const nameOf = ({ boundImage: { name, isArtifact } }: BoundImageSpec) => `${isArtifact} ${name}`
  const named = new Set(specs.filter(spec => !isByName(spec)).map(nameOf))
  return specs.filter(spec => !isByName(spec) || !named.has(nameOf(spec)))
}

/** A spec with too many images must not prevent reading of the specs after it. */
function withRoomFor({ boundImages, faults }: Spec, room: number): Spec {
  if (boundImages.length <= room) return { boundImages, faults }
  const reason = `too many images: this spec has ${boundImages.length}, and the maximum for all specs is ${maxImages}`
  return { boundImages: [], faults: [...faults, { reason, remedy: 'bind fewer' }] }
}

/** Faults of the file come first, then those of each drop-in. */
function byLine(faults: readonly Fault[]): readonly Fault[] {
  return faults.toSorted(({ file: a = '', line: m = 0 }, { file: b = '', line: n = 0 }) =>
    a === b ? m - n : a < b ? -1 : 1,
  )
}

function atMost(faults: readonly Fault[]): readonly Fault[] {
  const rest = faults.length - maxFaults
  const listed = faults.slice(0, maxFaults).map(fault => ({
    ...fault,
    ...(fault.key !== undefined && { key: shorten(fault.key) }),
    reason: shorten(fault.reason),
    ...(fault.remedy !== undefined && { remedy: shorten(fault.remedy) }),
  }))
  return rest <= 0 ? listed : [...listed, { reason: `${rest} more faults are not listed` }]
}
