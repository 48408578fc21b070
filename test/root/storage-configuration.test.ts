import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { readStorageConfiguration } from '../../lib/root/storage-configuration.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const read = (tree: Tree) =>
  readStorageConfiguration(new DeploymentFiles(makeTree(t, { 'usr/': '', ...tree })))
const etc = 'etc/containers/storage.conf'
const usr = 'usr/share/containers/storage.conf'
const graphRoot = (path: string) => `[storage]\ngraphroot = "${path}"\n`

t.test('the first main file counts, alone', t => {
  const defaults = {
    graphRoot: '/var/lib/containers/storage',
    imageStore: undefined,
    additionalStores: [],
  }
  t.strictSame(read({}), defaults)
  t.strictSame(read({ [etc]: '', [usr]: graphRoot('/x') }), defaults)
  t.strictSame(read({ [usr]: graphRoot('/x') }), { ...defaults, graphRoot: '/x' })
  const all = `[storage]
imagestore = "/var//images/./x/"
graphroot = "/"
[storage.options]
additionalimagestores = ["/a", "/b/", 3]
`
  t.strictSame(read({ [etc]: all, [usr]: graphRoot('/x') }), {
    graphRoot: '/',
    imageStore: '/var/images/x',
    additionalStores: ['/a', '/b'],
  })
  t.strictSame(read({ [etc]: 'storage = 1' }), defaults)
  t.strictSame(read({ [etc]: { link: '/dev/null' }, [usr]: graphRoot('/x') }), defaults)
  const otherCase =
    '[Storage]\nGraphRoot = "/a"\n[Storage.Options]\nAdditionalImageStores = ["/b"]\n'
  t.match(read({ [etc]: otherCase }), { graphRoot: '/a', additionalStores: ['/b'] })
  t.strictSame(read({ [etc]: '[storage]\ngraphroot = 1\nimagestore = ""\noptions = []' }), defaults)
  t.throws(() => read({ [etc]: 'graphroot' }), { message: /^\/etc\/containers\/storage.conf: \S/ })
  t.end()
})

const stores = (list: string) => `[storage.options]\nadditionalimagestores = ${list}\n`

t.test('drop-ins count in the order of their names, if the podman of the root reads them', t => {
  const tree = {
    [usr]: graphRoot('/main') + stores('["/main"]'),
    [`${usr}.d/20.conf`]: graphRoot('/late'),
    [`${etc}.d/10.conf`]: graphRoot('/early') + stores('["/more", {append = true}]'),
    [`${usr}.d/10.conf`]: graphRoot('/masked'),
    [`${usr}.d/30.txt`]: graphRoot('/other'),
    'usr/share/containers/storage.rootful.conf.d/15.conf': stores('["/rootful", {append = true}]'),
  }
  const all = { graphRoot: '/late', additionalStores: ['/main', '/more', '/rootful'] }
  t.match(read(tree), all, 'without podman')
  const podman = 'usr/bin/podman'
  t.match(read({ ...tree, [podman]: 'x go.podman.io/storage/pkg/configfile.Read x' }), all)
  const old = { graphRoot: '/main', additionalStores: ['/main'] }
  t.match(read({ ...tree, [podman]: 'x' }), old)
  t.match(read({ ...tree, [`${etc}.d/40.conf`]: stores('[]') }).additionalStores, [])
  const appended = [`["/b", {append = true}]`, '["/c"]', '["/d", {append = false}]'].map(stores)
  const inOrder = (count: number) =>
    read(
      Object.fromEntries(appended.slice(0, count).map((text, n) => [`${etc}.d/${n}.conf`, text])),
    )
  t.strictSame(inOrder(2).additionalStores, ['/b', '/c'], 'it holds for later files')
  t.strictSame(inOrder(3).additionalStores, ['/d'], 'until one says otherwise')
  const masked = { [`${etc}.d/20.conf`]: { link: '/dev/null' } }
  t.match(read({ ...tree, ...masked }), { graphRoot: '/early' }, 'nothing is behind the link')
  const names = Array.from({ length: 1001 }, (_, n) => [`${etc}.d/${n}.conf`, ''])
  t.throws(() => read(Object.fromEntries(names)), { message: /more than 1000 drop-ins/ })
  t.end()
})
