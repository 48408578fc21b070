import t from 'tap'
import { survivesUpdate } from '../../lib/root/survives-update.ts'

t.test('what an OS image brings goes with it, unless the next one brings it too', t => {
  const root = t.testdir({ usr: { lib: { images: { a: {} } } }, var: { images: {} } })
  t.ok(survivesUpdate(root, '/usr/lib/images/a'))
  for (const path of ['/usr/lib/images/b', '/usr/lib/images/a/b', '/opt/images/a'])
    t.notOk(survivesUpdate(root, path), path)
  t.notOk(survivesUpdate(root, '/var/images'), 'it is not part of an OS')
  t.notOk(survivesUpdate(root, '/usrx'))
  t.end()
})
