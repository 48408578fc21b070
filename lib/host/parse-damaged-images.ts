/** Picks the ids of images out of what `podman system check` prints: `Damaged image ID:` and then why. */
export function parseDamagedImages(output: string): readonly string[] {
  return [...output.matchAll(/^Damaged (?:read-only )?image ([0-9a-f]{64}):$/gmu)].flatMap(
    ([, id]) => id ?? [],
  )
}
