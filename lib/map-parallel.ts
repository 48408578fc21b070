/** Like `Promise.all` over a map, with at most `limit` calls at the same time. */
export async function mapParallel<In, Out>(
  items: readonly In[],
  limit: number,
  map: (item: In) => Promise<Out>,
): Promise<readonly Out[]> {
  const results: Out[] = []
  const queue = [...items.entries()]
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next[0]] = await map(next[1])
  }
  await Promise.all(Array.from({ length: limit }, work))
  return results
}
