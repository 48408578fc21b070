import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'

/** Path -> text of a file, or target of a link; a path that ends in a slash is an empty directory. */
export type Tree = Readonly<Record<string, string | { readonly link: string }>>

/** Makes a directory that lasts as long as the test, with parents of all that is in it. */
export function makeTree(t: Pick<Test, 'testdir'>, tree: Tree): string {
  const root = t.testdir({})
  addToTree(root, tree)
  return root
}

export function addToTree(root: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    const absolute = join(root, path)
    mkdirSync(path.endsWith('/') ? absolute : dirname(absolute), { recursive: true })
    if (path.endsWith('/')) continue
    if (typeof content === 'string') writeFileSync(absolute, content)
    else symlinkSync(content.link, absolute)
  }
}
