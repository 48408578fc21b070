import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'

export type Tree = 'a file' | { readonly linkTo: string } | Directory
type Directory = { readonly directory: Readonly<Record<string, Tree>> }

const names = fc.constantFrom('a', 'b', 'c', 'd')

/** Paths into such a tree, odd ones too, none empty. */
export const paths: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '', '/', '//', './', '../'),
    fc.array(
      fc.oneof(
        { weight: 12, arbitrary: names },
        { weight: 3, arbitrary: fc.constant('..') },
        { weight: 1, arbitrary: fc.constantFrom('.', '', 'nothing') },
      ),
      { minLength: 1, maxLength: 6 },
    ),
    fc.constantFrom('', '', '', '/', '/.'),
  )
  .map(([start, parts, end]) => `${start}${parts.join('/')}${end}`)
  .filter(path => path !== '')

/** Directories in directories, among them files, and links that lead anywhere. */
export const directories: fc.Arbitrary<Directory> = fc.letrec<{ top: Directory; tree: Tree }>(
  tie => ({
    top: fc.dictionary(names, tie('tree')).map(directory => ({ directory })),
    tree: fc.oneof(
      { maxDepth: 3 },
      paths.map(linkTo => ({ linkTo })),
      tie('top'),
      fc.constant<Tree>('a file'),
    ),
  }),
).top

/** Writes a tree at a path where there is nothing. */
export function plant(path: string, tree: Tree): void {
  if (tree === 'a file') writeFileSync(path, '')
  else if ('linkTo' in tree) symlinkSync(tree.linkTo, path)
  else {
    mkdirSync(path)
    for (const [name, entry] of Object.entries(tree.directory)) plant(join(path, name), entry)
  }
}
