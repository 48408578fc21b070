import t from 'tap'
import { serviceName } from '../../lib/quadlet/service-name.ts'

t.test('as Quadlet names services', t => {
  t.equal(serviceName('web.image', 'image', undefined), 'web-image.service')
  t.equal(serviceName('web.container', 'container', undefined), 'web.service')
  t.equal(serviceName('web.kube', 'kube', undefined), 'web.service')
  t.equal(serviceName('a.b.image', 'image', undefined), 'a.b-image.service')
  t.equal(serviceName('db@one.image', 'image', undefined), 'db@one-image.service')
  t.equal(serviceName('web.image', 'image', 'other'), 'other.service')
  t.equal(serviceName('web.image', 'image', String.raw`a\x2db:c@d`), String.raw`a\x2db:c@d.service`)
  t.end()
})

t.test('what is no service', t => {
  for (const chosen of ['', '../x', 'a b', 'a/b', 'a\nb', '%p', 'ä'])
    t.throws(
      () => serviceName('web.image', 'image', chosen),
      { message: /is not the name of a unit/ },
      chosen,
    )
  t.throws(() => serviceName('db@.image', 'image', undefined), { message: /a template/ })
  t.throws(() => serviceName('db@.image', 'image', 'web'), { message: /a template/ })
  t.end()
})
