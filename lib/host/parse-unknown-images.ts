/** Picks the references out of what `podman image inspect` says of images that are not there: `NAME: image not known`. */
export function parseUnknownImages(errors: string): ReadonlySet<string> {
  const pattern = /^(?:Error: )?(.+): image not known$/u
  return new Set(errors.split('\n').flatMap(line => pattern.exec(line)?.[1] ?? []))
}
