/** Parses the IDs of images from the output of `podman system check`: `Damaged image ID:`, followed by the reason. */
export function parseDamagedImages(output: string): readonly string[] {
  return [...output.matchAll(/^Damaged (?:read-only )?image ([0-9a-f]{64}):$/gmu)].flatMap(
    ([, id]) => id ?? [],
  )
}
