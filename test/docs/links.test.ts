import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(repository, path), 'utf8')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(repository, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]

/** The anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) => heading)
  return new Set(
    headings.map(heading =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

t.test('every link between the pages leads to a page and a heading', t => {
  const links = pages.flatMap(page =>
    [...read(page).matchAll(/\]\(([^):]+)\)/gu)].map(([, link = '']) => ({ page, link })),
  )
  t.ok(links.length > 10)
  for (const { page, link } of links) {
    const [path = '', anchor] = link.split('#')
    const target = join(dirname(page), path)
    t.ok(existsSync(join(repository, target)), `${page}: ${link}`)
    if (anchor !== undefined) t.ok(anchorsOf(target).has(anchor), `${page}: ${link}`)
  }
  t.end()
})

t.test('every page of the documentation can be reached from the README', t => {
  const reached = new Set<string>()
  const visit = (page: string): void => {
    if (reached.has(page)) return
    reached.add(page)
    for (const [, link = ''] of read(page).matchAll(/\]\(([^):#]+)/gu))
      visit(join(dirname(page), link))
  }
  visit('README.md')
  t.strictSame(
    [...pages].filter(page => !reached.has(page)),
    [],
  )
  t.end()
})
