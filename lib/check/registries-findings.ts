import { isInRegistry } from '../bound-images/platform.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { findRegistry, readRegistries, type Registries } from '../root/registries.ts'
import { describeError } from '../text/describe-error.ts'
import { placeOf, type Finding } from './finding.ts'

const entry = 'etc/containers/registries.conf'

/** Errors of bound images that registries.conf of the root keeps from being pulled, or that no registry can have. */
export function registriesFindings(
  files: DeploymentFiles,
  specs: readonly BoundImageSpec[],
): readonly Finding[] {
  const { registries, faults } = read(files)
  const broken = faults.map((fault): Finding => ({
    severity: 'error',
    entry: fault.file?.slice(1) ?? entry,
    ...fault,
    reason: `podman pulls no image at all: ${fault.reason}`,
  }))
  const images = specs.filter(({ boundImage: { image } }) => isInRegistry(image))
  return [
    ...broken,
    ...images.flatMap((spec): readonly Finding[] => {
      const { image } = spec.boundImage
      const registry = findRegistry(registries, image)
      if (registry?.isBlocked === true) return [blocked(spec, registry)]
      // With an entry, it can have a mirror, or be a real registry.
      return image.startsWith('localhost/') && registry === undefined ? [local(spec)] : []
    }),
  ]
}

function blocked(
  spec: BoundImageSpec,
  { file, prefix }: Registries['registries'][number],
): Finding {
  return {
    severity: 'error',
    ...placeOf(spec),
    reason: `${spec.boundImage.image} cannot be pulled: ${file} has blocked = true for ${prefix}`,
    remedy: 'remove that, or name the image in another registry',
  }
}

/** podman gives names below localhost/ to images that are built or loaded on a machine. */
function local(spec: BoundImageSpec): Finding {
  return {
    severity: 'error',
    ...placeOf(spec),
    reason: `no host can pull ${spec.boundImage.image}: the name is that of an image that was built on one machine`,
    remedy: 'push the image to a registry, and write the name that it has there',
  }
}

function read(files: DeploymentFiles): Registries {
  try {
    return readRegistries(files)
  } catch (error) {
    return { registries: [], faults: [{ reason: describeError(error) }] }
  }
}
