import type { StoreList } from '../host/podman.ts'

/** A name, and the image that is to have it. */
export interface Tagging {
  /** ID of the image. */
  readonly id: string
  readonly name: string
}

/** The part of a `RecordedImage` that decides about tags. */
type NamedImage = Tagging

/**
 * Computes which images must get which names, so that each name means what it means in a deployment. An image that
 * another deployment needs, and that would lose its last name, gets a protecting name. Otherwise `podman image prune`
 * would remove it.
 *
 * @param wanted the image for each name; if a name occurs twice, the first one counts
 * @param ids IDs of all images in the store, also of those without a name
 * @param names all names in the store, with the IDs of their images
 * @param needed IDs of the images that some deployment needs
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
  const kept = protectingNames(moves.keys(), new Map([...names, ...moves]), names, needed)
  return [...kept, ...[...moves].map(([name, id]) => ({ id, name }))]
}

/**
 * The names of other images in the first store that hide those of wanted images, which are only in the second.
 *
 * @param wanted see `tagMoves`
 */
export function hidingNames(
  wanted: readonly NamedImage[],
  first: StoreList,
  second: StoreList,
): readonly Tagging[] {
  const seen = new Map<string, string>()
  for (const { id, name } of wanted)
    if (!seen.has(name) && (first.ids.has(id) || second.ids.has(id))) seen.set(name, id)
  return [...seen].flatMap(([name, id]) => {
    const other = first.names.get(name)
    return other === undefined || name.includes('@') || first.ids.has(id)
      ? []
      : [{ id: other, name }]
  })
}

/**
 * The protecting names that images need before pulls by tag take their names.
 *
 * @param taken the names that the pulls take
 * @param needed see `tagMoves`
 */
export function protectingNamesToAdd(
  taken: readonly string[],
  { names }: Pick<StoreList, 'names'>,
  needed: ReadonlySet<string>,
): readonly Tagging[] {
  const after = new Map(names)
  for (const name of taken) after.delete(name)
  return protectingNames(taken, after, names, needed)
}

/** The protecting names that nothing needs any more. Without them, `podman image prune` can remove the images. */
export function protectingNamesToDrop(
  { names }: Pick<StoreList, 'names'>,
  needed: ReadonlySet<string>,
): readonly Tagging[] {
  return [...names]
    .filter(([name, id]) => name === keepName(id) && !needed.has(id))
    .map(([name, id]) => ({ id, name }))
}

/**
 * The names of ours that nothing needs any more. podman removes an image with its last name.
 *
 * @param pulled the names by digest that our pulls have stored
 * @param given the tags that we have given; one that somebody has moved since is not ours any more
 */
export function namesToRemove(
  pulled: readonly string[],
  given: readonly Tagging[],
  { names }: Pick<StoreList, 'names'>,
  needed: ReadonlySet<string>,
): readonly string[] {
  const tags = given.filter(({ id, name }) => names.get(name) === id && name !== keepName(id))
  return [...pulled, ...tags.map(({ name }) => name)].filter(name => {
    const id = names.get(name)
    return id !== undefined && !needed.has(id)
  })
}

/**
 * What containers find in stores. An image in the first store has only its names there (containers/storage: store.go,
 * Image).
 */
export function visible(stores: readonly { readonly list: StoreList }[]): StoreList {
  const ids = new Set<string>()
  const names = new Map<string, string>()
  for (const { list } of stores) {
    for (const [name, id] of list.names) if (!ids.has(id) && !names.has(name)) names.set(name, id)
    for (const id of list.ids) ids.add(id)
  }
  return { ids, names }
}

/** A list after images have got names. */
export function withNames(list: StoreList, given: readonly Tagging[]): StoreList {
  return {
    ...list,
    names: new Map([...list.names, ...given.map(({ id, name }) => [name, id] as const)]),
  }
}

/** Groups names by ID of the image, in the order of the first name of each image. */
export function namesByImage(taggings: readonly Tagging[]): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>()
  for (const { id, name } of taggings) all.set(id, [...(all.get(id) ?? []), name])
  return all
}

function protectingNames(
  taken: Iterable<string>,
  after: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  needed: ReadonlySet<string>,
): readonly Tagging[] {
  const named = new Set(after.values())
  const nameless = [...taken]
    .flatMap(name => before.get(name) ?? [])
    .filter(id => needed.has(id) && !named.has(id))
  return [...new Set(nameless)].map(id => ({ id, name: keepName(id) }))
}

/** A protecting name. It only says who made it; the records say which deployments need the image. */
export function keepName(id: string): string {
  return `localhost/bootc-bound-images/${id.slice(0, 12)}:keep`
}
