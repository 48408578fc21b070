/** Parses the missing references from the errors of `podman image inspect`: `NAME: image not known`. */
export function parseUnknownImages(errors: string): ReadonlySet<string> {
  const pattern = /^(?:Error: )?(.+): image not known$/u
  return new Set(errors.split('\n').flatMap(line => pattern.exec(line)?.[1] ?? []))
}
