/**
 * Picks the references out of what `podman image inspect` says of images that are not there:
 * `Error: inspecting object: NAME: image not known` in podman 4, `NAME: image not known` in podman 5.
 */
export function parseUnknownImages(errors: string): ReadonlySet<string> {
  const pattern = /^(?:Error: |error )?(?:inspecting object: )?(.+): image not known$/u
  return new Set(errors.split('\n').flatMap(line => pattern.exec(line)?.[1] ?? []))
}
