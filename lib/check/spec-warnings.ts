import type { DeploymentFiles } from '../root/deployment-files.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import type { DropIns } from '../quadlet/drop-ins.ts'
import { optionPlace } from './option-place.ts'
import { placeOf, type Finding } from './finding.ts'

/** Warnings about what is allowed in specs but seldom intended. */
export function specWarnings(
  files: DeploymentFiles,
  dropIns: DropIns,
  specs: readonly BoundImageSpec[],
): readonly Finding[] {
  return specs.flatMap(spec => [
    ...floatingTag(spec),
    ...missingFiles(files, dropIns, spec),
    ...notForBootc(spec),
  ])
}

function floatingTag(spec: BoundImageSpec) {
  const { image } = spec.boundImage
  if (image.includes('@') || /^(?:dir|oci|oci-archive|docker-archive):\//u.test(image)) return []
  const reason = `the tag of ${image} can move, and hosts of one OS version get different images`
  return [warning(placeOf(spec), reason, 'write name@sha256:DIGEST, as skopeo inspect shows it')]
}

/** A missing file is only a warning: below /etc, /run and /var, the administrator of a host may add it. */
function missingFiles(files: DeploymentFiles, dropIns: DropIns, spec: BoundImageSpec) {
  return spec.boundImage.options.flatMap(({ flag, identity }) => {
    if (flag !== '--authfile' && flag !== '--cert-dir') return []
    const path = identity?.startsWith(`${flag}=/`) ? identity.slice(flag.length + 1) : undefined
    if (path === undefined || files.follow(path) !== undefined) return []
    return [
      warning(
        { entry: spec.entry, ...optionPlace(files, dropIns, spec, flag) },
        `${path} is not in the OS image`,
        'make sure that every host has it before an update is staged',
      ),
    ]
  })
}

/** bootc fails an upgrade if its own directory has a spec that it does not support. */
function notForBootc({ entry, file, boundImage }: BoundImageSpec) {
  if (!/^usr\/lib\/bootc(?:-experimental)?\//u.test(entry)) return []
  // bootc does not look at mounts.
  if (entry.endsWith('.container') && boundImage.mountedBy !== undefined) return []
  const isLink = file !== undefined && file !== `/${entry}`
  const hasAuthFile = boundImage.options.some(
    ({ flag, identity }) => flag === '--authfile' && identity?.startsWith(`${flag}=`) === true,
  )
  const isElsewhere = entry.endsWith('.container') && boundImage.origin.file?.endsWith('.image')
  if (isLink && /\.(?:image|container)$/u.test(entry) && !hasAuthFile && isElsewhere !== true)
    return []
  const reason = hasAuthFile
    ? 'fails its upgrade on AuthFile='
    : isElsewhere === true
      ? 'takes the name of a .image file for an image'
      : 'knows only links to .image and .container files'
  return [
    warning(
      { entry },
      `bootc itself reads this directory and ${reason}`,
      'put it into /usr/lib/bootc-bound-images/bound-images.d',
    ),
  ]
}

function warning(
  place: Omit<Finding, 'severity' | 'reason' | 'remedy'>,
  reason: string,
  remedy: string,
): Finding {
  return { severity: 'warning', ...place, reason, remedy }
}
