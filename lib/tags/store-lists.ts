import type { ImageStore } from '../facts/image-store.ts'
import type { PullFacts } from '../facts/facts.ts'
import { listStore, type StoreList } from '../host/podman.ts'

/** A store, and its own contents. */
export interface ListedStore {
  readonly store: ImageStore
  readonly list: StoreList
}

/** Lists the stores in which images of ours can be, podman's own first: what is there hides what is in the other. */
export async function listStores({
  imageStore,
  otherStore,
}: Pick<PullFacts, 'imageStore' | 'otherStore'>): Promise<readonly ListedStore[]> {
  if (otherStore === undefined) return [{ store: imageStore, list: await listStore(imageStore) }]
  const isFirst = imageStore.options.length === 0
  const [own, dedicated] = isFirst ? [imageStore, otherStore] : [otherStore, imageStore]
  const list = await listStore(dedicated)
  return [
    { store: own, list: await listStore(own, list.ids) },
    { store: dedicated, list },
  ]
}
