import { join } from 'node:path'
import t from 'tap'
import { isOfOs, survivesUpdate } from '../../lib/root/survives-update.ts'

const store = '/var/lib/containers/storage'

t.test('what an OS image brings goes with it, unless the next one brings it too', t => {
  const root = t.testdir({
    usr: { lib: { images: { a: {} }, linked: t.fixture('symlink', '/usr/lib/images') } },
  })
  for (const path of [`${store}/overlay/x/diff`, '/var/images/x', '/sysroot/ostree/bootc/x'])
    t.ok(survivesUpdate(root, path, store), path)
  t.ok(survivesUpdate(root, '/usr/lib/images/a', store))
  t.ok(survivesUpdate(root, '/usr/lib/linked/a', store))
  for (const path of ['/usr/lib/images/b', '/usr/lib/images/a/b', '/opt/images/a'])
    t.notOk(survivesUpdate(root, path, store), path)
  t.ok(survivesUpdate(root, '/usr/lib/store/x', '/usr/lib/store'), "podman's own, wherever it is")
  t.end()
})

t.test('a link out of the OS image is followed', t => {
  const directory = t.testdir({ usr: t.fixture('symlink', '/usr') })
  t.notOk(survivesUpdate(directory, join(directory, 'usr/lib'), store), 'it is /usr/lib')
  t.notOk(isOfOs('/var/usr/x'))
  t.notOk(isOfOs('/usrx/x'))
  t.end()
})
