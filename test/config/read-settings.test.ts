import t from 'tap'
import { readSettings } from '../../lib/config/read-settings.ts'
import { defaultSettings } from '../../lib/config/settings.ts'
import { makeTree } from '../make-tree.ts'

const main = 'bootc-bound-images.conf'
const limit = (tries: number) => `[BoundImages]\nRetryLimit=${tries}\n`

t.test('nothing configured', t => {
  t.strictSame(readSettings(makeTree(t, { 'usr/': '' })), {
    settings: defaultSettings,
    sources: {},
    files: [],
    warnings: [],
  })
  t.end()
})

t.test('the first main file counts', t => {
  const paths = ['etc', 'run', 'usr/local/lib', 'usr/lib'].map(directory => `${directory}/${main}`)
  for (const index of paths.keys()) {
    const rest = paths.slice(index)
    const tree = Object.fromEntries(rest.map((path, tries) => [path, limit(tries + 1)]))
    const { settings, sources, files } = readSettings(makeTree(t, tree))
    t.equal(settings.retryLimit, 1)
    t.strictSame(sources, { retryLimit: [`/${rest[0]}:2`] })
    t.strictSame(files, [`/${rest[0]}`])
  }
  t.end()
})
