import { dedicatedStore } from '../config/settings.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { sectionOf, type QuadletKind } from '../quadlet/quadlet-kind.ts'
import type { StartableFile } from '../bound-images/spec-reader.ts'
import { explain, type Fault } from '../text/fault.ts'
import type { BoundImage } from '../bound-images/bound-image.ts'
import { isInRegistry, optionValue } from '../bound-images/platform.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import { isMask, readUnitFile } from '../quadlet/read-unit-file.ts'
import type { SpecReader } from '../bound-images/spec-reader.ts'
import type { Assignment, UnitFile } from '../quadlet/unit-file.ts'
import { sectionKeys } from '../bound-images/section-keys.ts'
import { shorten } from '../text/shorten.ts'
import { placeOf, problemFindings, type Finding } from './finding.ts'

interface Options {
  /** Root directory of the store; undefined for podman's own. */
  readonly store?: string | undefined
  /** Whether everything must be bound. */
  readonly isAll?: boolean
  /** Paths of the files of specs that cannot be used. */
  readonly broken: ReadonlySet<string | undefined>
}

/** Findings about containers whose images are not bound, and about bound images that no container uses. */
export function usageWarnings(
  files: DeploymentFiles,
  reader: SpecReader,
  specs: readonly BoundImageSpec[],
  { store, isAll, broken }: Options,
): readonly Finding[] {
  const bound = new Set(specs.map(({ boundImage }) => boundImage.name))
  const used = new Set<string>()
  const findings: Finding[] = []
  for (const file of reader.startable().filter(({ path }) => !isMask(files, path))) {
    const { path } = file
    const usage = readUsage(files, reader, file)
    const faults = isAll === true && !broken.has(path) ? usage.faults : []
    findings.push(...problemFindings([{ entry: path.slice(1), faults }]))
    if (store === dedicatedStore) findings.push(...usage.mounts)
    for (const image of usage.images) used.add(image)
    const entry = path.slice(1)
    const unbound = usage.images.filter(image => !bound.has(image))
    if (unbound.length > 0)
      findings.push({
        severity: isAll === true ? 'error' : 'warning',
        entry,
        reason: `its image ${someOf(unbound)} is not bound`,
        remedy:
          'link to the file from bound-images.d if the host must have the image before it boots',
      })
    if (unbound.length < usage.images.length) findings.push(...usage.findings)
  }
  const reported = new Set<string>()
  for (const spec of specs) {
    const { name } = spec.boundImage
    // Where an image below localhost/ is used, it counts as built on the host, see SpecReader.
    if (used.has(name) || reported.has(name) || name.startsWith('localhost/')) continue
    reported.add(name)
    findings.push({
      severity: 'warning',
      ...placeOf(spec),
      reason: `no .container or .kube file uses ${name}`,
      remedy: 'remove the link if nothing else does',
    })
  }
  return findings
}

/** A Kubernetes file can name thousands. */
const maxNamed = 20

function someOf(names: readonly string[]): string {
  const rest = names.length - maxNamed
  const named = shorten(names.slice(0, maxNamed).join(', '))
  return rest > 0 ? `${named}, and ${rest} others` : named
}

interface Usage extends Readonly<Record<'findings' | 'mounts', readonly Finding[]>> {
  readonly images: readonly string[]
  readonly faults: readonly Fault[]
}

function readUsage(files: DeploymentFiles, reader: SpecReader, quadletFile: StartableFile): Usage {
  const { kind, name, path } = quadletFile
  try {
    const { unitFile } = readUnitFile(files, reader.dropIns, path, name)
    const { boundImages, faults } = reader.readQuadlet(quadletFile, false)
    return {
      images: boundImages.map(image => image.name),
      faults,
      findings: [
        ...boundImages.flatMap(image => asksAtStart(image, path.slice(1))),
        ...movingImage(unitFile, kind, path.slice(1)),
        ...unknownKeys(unitFile, kind, path.slice(1)),
      ],
      mounts: imageMounts(unitFile, path.slice(1)),
    }
  } catch (error) {
    // If the file is a spec, readBoundImages reports the error.
    return { images: [], findings: [], mounts: [], faults: [explain(error)] }
  }
}

/** Warnings about mounts of images: podman does not mount an image of a store that it only reads (podman 5.4, 6.1). */
function imageMounts(unitFile: UnitFile, entry: string): readonly Finding[] {
  return (unitFile.get('Container')?.get('Mount') ?? [])
    .filter(({ value }) => /(?:^|,)type=image(?:,|$)/u.test(value))
    .map(({ file, line }) => ({
      severity: 'warning',
      entry,
      file,
      line,
      key: 'Mount',
      reason: 'podman does not mount an image of Store=dedicated into a container',
      remedy: 'remove Store=dedicated, unless another program pulls the image',
    }))
}

/**
 * The service of a `.image` or `.artifact` file pulls at every start (podman-image.unit(5)), and a container that names the
 * file starts after it.
 */
function asksAtStart(
  { origin, image, isArtifact, options }: BoundImage,
  entry: string,
): readonly Finding[] {
  const { file = '' } = origin
  const policy = options.findLast(({ flag }) => flag === '--policy')
  const isSilent = policy !== undefined && /^(?:missing|never)$/u.test(optionValue(policy))
  if (!/\.(?:image|artifact)$/u.test(file) || isSilent || !isInRegistry(image)) return []
  return [
    {
      severity: 'warning',
      entry,
      reason: `it starts only if the registry answers: it needs the service of ${file}, which pulls at every start, also what is on disk`,
      remedy: isArtifact
        ? 'name the artifact itself here'
        : 'set Policy=missing there (podman 5.6), or name the image itself here',
    },
  ]
}

/** Warnings about keys that no podman up to 6.2 knows. A misspelled one is an error of the spec. */
function unknownKeys(
  unitFile: UnitFile,
  kind: 'container' | 'kube',
  entry: string,
): readonly Finding[] {
  const keys = unitFile.get(sectionOf[kind]) ?? new Map<string, readonly Assignment[]>()
  return [...keys]
    .filter(([key]) => !Object.hasOwn(sectionKeys[kind], key))
    .map(([key, [first]]) => ({
      severity: 'warning',
      entry,
      file: first?.file,
      line: first?.line,
      key: shorten(key),
      reason: `unknown key in [${sectionOf[kind]}]`,
      remedy:
        'make sure that the podman of the OS knows it: otherwise, Quadlet ignores the whole file',
    }))
}

/** Warnings about keys that make a container use another image than the bound one. */
function movingImage(unitFile: UnitFile, kind: QuadletKind, entry: string): readonly Finding[] {
  const keys = unitFile.get(sectionOf[kind])
  const asks = 'the container asks the registry at every start'
  const found = [
    ['AutoUpdate', /./u, 'podman auto-update replaces a bound image by a newer one', 'remove it'],
    ['Pull', /^(?:always|newer)$/u, asks, 'remove it'],
    ['PodmanArgs', /--pull["']?(?:=|\s+)["']?(?:always|newer|true)\b/u, asks, 'remove --pull'],
  ] as const
  return found.flatMap(([key, value, reason, remedy]) => {
    const all = keys?.get(key) ?? []
    // PodmanArgs= is a list.
    const last = (key === 'PodmanArgs' ? all : all.slice(-1)).findLast(each =>
      value.test(each.value),
    )
    return last !== undefined
      ? [
          {
            severity: 'warning' as const,
            entry,
            file: last.file,
            line: last.line,
            key,
            reason,
            remedy,
          },
        ]
      : []
  })
}
