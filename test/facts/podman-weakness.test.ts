import t from 'tap'
import { podmanWeakness } from '../../lib/facts/podman-weakness.ts'

t.test('versions of podman that can be made to accept another image', t => {
  for (const version of ['4.9.4', '5.0.0', '5.4.2+ds1-2', '5.8.9', '6.0.0', '6.1.4'])
    t.match(podmanWeakness(version), { reason: version.replace(/\+.*/, ''), remedy: '5.8.10' })
  for (const version of ['5.8.10', '5.8.11', '5.9.0', '6.2.0', '6.10.0', '7.0.0', 'unknown', '5.4'])
    t.equal(podmanWeakness(version), undefined, version)
  t.end()
})
