/** Divides values into those for which `test` is true and the others, in their order. */
export function partition<T>(all: Iterable<T>, test: (each: T) => boolean): readonly [T[], T[]] {
  const parts: [T[], T[]] = [[], []]
  for (const each of all) parts[test(each) ? 0 : 1].push(each)
  return parts
}
