import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import root, { type Test } from 'tap'

/** Path -> text of a file, or target of a link; a path that ends in a slash is an empty directory. */
export type Tree = Readonly<Record<string, string | { readonly link: string }>>

/** Makes a directory that lasts as long as the test, with parents of all that is in it. */
export function makeTree(t: Pick<Test, 'testdir'>, tree: Tree): string {
  const directory = t === root ? temporaryDirectory() : t.testdir({})
  addToTree(directory, tree)
  return directory
}

/** Not `testdir`: several files of tests have one root test, and each of them a directory of its own. */
function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bootc-bound-images-'))
  root.teardown(() => rmSync(directory, { recursive: true }))
  return directory
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
