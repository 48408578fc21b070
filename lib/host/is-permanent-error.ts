/**
 * Whether an error of podman or skopeo is permanent, so that a retry cannot succeed: the registry has no such image or
 * denies access, or the policy of this host forbids it. units/programs/give-up has the same patterns; a test compares
 * them.
 */
export function isPermanentError(message: string): boolean {
  return permanent.test(message)
}

const permanent =
  /: (?:manifest|name) unknown|repository name not known to registry|: (?:denied|unauthorized)(?::|$)|authentication required|is blocked in |rejected by policy|no image found in .* for architecture/u
