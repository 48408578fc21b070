import type { StoreList } from '../host/podman.ts'

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
 * @param ids of the images in the store, also of those without a name
 * @param names what the names mean there now, and every other name
 * @param needed ids of the images that some deployment needs
 */
export function tagMoves(
  wanted: readonly NamedImage[],
  { ids, names }: StoreList,
  needed: ReadonlySet<string>,
): readonly Tagging[] {
  const moves = new Map<string, string>()
  for (const { id, name } of wanted)
    if (!name.includes('@') && ids.has(id) && !moves.has(name)) moves.set(name, id)
  for (const [name, id] of moves) if (names.get(name) === id) moves.delete(name)
  const kept = keptNames(moves.keys(), new Map([...names, ...moves]), names, needed)
  return [...kept, ...[...moves].map(([name, id]) => ({ id, name }))]
}

/**
 * The names to stay that images get before pulls by tag take theirs.
 *
 * @param lost what the pulls name
 * @param needed see `tagMoves`
 */
export function namesToStay(
  lost: readonly string[],
  { names }: Pick<StoreList, 'names'>,
  needed: ReadonlySet<string>,
): readonly Tagging[] {
  const after = new Map(names)
  for (const name of lost) after.delete(name)
  return keptNames(lost, after, names, needed)
}

/** The names to stay that nothing needs any more, so that `podman image prune` can take their images. */
export function namesToDrop(
  { names }: Pick<StoreList, 'names'>,
  needed: ReadonlySet<string>,
): readonly Tagging[] {
  return [...names]
    .filter(([name, id]) => name === keepName(id) && !needed.has(id))
    .map(([name, id]) => ({ id, name }))
}

/**
 * The names by digest that nothing needs any more. Without them, the images go.
 *
 * @param pulled those that were given by pulls of ours
 */
export function imagesToRemove(
  pulled: readonly string[],
  { names }: Pick<StoreList, 'names'>,
  needed: ReadonlySet<string>,
): readonly string[] {
  return pulled.filter(name => {
    const id = names.get(name)
    return id !== undefined && !needed.has(id)
  })
}

/** The names by id of the image. An image comes in the place of its first name. */
export function namesByImage(taggings: readonly Tagging[]): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>()
  for (const { id, name } of taggings) all.set(id, [...(all.get(id) ?? []), name])
  return all
}

function keptNames(
  lost: Iterable<string>,
  after: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  needed: ReadonlySet<string>,
): readonly Tagging[] {
  const named = new Set(after.values())
  const nameless = [...lost]
    .flatMap(name => before.get(name) ?? [])
    .filter(id => needed.has(id) && !named.has(id))
  return [...new Set(nameless)].map(id => ({ id, name: keepName(id) }))
}

/** Says nothing but whose it is; the records tell what needs the image. */
function keepName(id: string): string {
  return `localhost/bootc-bound-images/${id.slice(0, 12)}:keep`
}
