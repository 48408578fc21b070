import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import type { Finding } from './finding.ts'

/** podman: pkg/systemd/quadlet/unitdirs.go. The second one since podman 6.2. */
const usersDirectory = /^\/(?:etc|usr\/share)\/containers\/systemd\/users\//u

/**
 * Warnings about files of services that run as other users than root. Not errors: the image is pulled and the update
 * passes, but into the store of root, where such a service does not look.
 */
export function usersWarnings(specs: readonly BoundImageSpec[]): readonly Finding[] {
  const entries = new Map(specs.map(spec => [spec.entry, spec]))
  return [...entries.values()]
    .filter(({ file }) => file !== undefined && usersDirectory.test(file))
    .map(({ entry, file }) => ({
      severity: 'warning',
      entry,
      file,
      reason:
        "Quadlet starts this for users other than root, whose podman does not look into root's image store, where the image is pulled",
      remedy: 'remove the link, or move the file out of users/ if root runs the service',
    }))
}
