/** A name that an image is to have. */
export interface Tagging {
  /** Id of the image. */
  readonly id: string
  readonly name: string
}

/** What of a record decides about tags, see `RecordedImage`. */
type NamedImage = Tagging

/**
 * Which names must be given to which images, so that each name means what it means in a deployment. An image that
 * another deployment needs and that would lose its only name, with which `podman image prune` would take it, gets
 * one to stay.
 *
 * @param wanted what the names mean; the first image of a name has it
 * @param names what they mean in the store now, and every other name there
 * @param needed ids of the images that some deployment needs
 */
export function tagMoves(
  wanted: readonly NamedImage[],
  names: ReadonlyMap<string, string>,
  needed: ReadonlySet<string>,
): readonly Tagging[] {
  const stored = new Set(names.values())
  const moves = new Map<string, string>()
  for (const { id, name } of wanted)
    if (!name.includes('@') && stored.has(id) && !moves.has(name)) moves.set(name, id)
  for (const [name, id] of moves) if (names.get(name) === id) moves.delete(name)
  const after = new Set(new Map([...names, ...moves]).values())
  const nameless = [...moves.keys()]
    .flatMap(name => names.get(name) ?? [])
    .filter(id => needed.has(id) && !after.has(id))
  return [
    ...[...new Set(nameless)].map(id => ({ id, name: keepName(id) })),
    ...[...moves].map(([name, id]) => ({ id, name })),
  ]
}

/** Says nothing but whose it is; the records tell what needs the image. */
function keepName(id: string): string {
  return `localhost/bootc-bound-images/${id.slice(0, 12)}:keep`
}
