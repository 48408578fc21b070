import t from 'tap'
import { planPulls } from '../../lib/plan/plan-pulls.ts'
import type { BoundImage } from '../../lib/spec/bound-image.ts'

const deployment = `0123456789ab${'c'.repeat(52)}.3`
const image = (identity: string): BoundImage => ({
  image: 'quay.io/x/a:1',
  name: 'quay.io/x/a:1',
  identity,
  globalOptions: [],
  options: [],
  origin: {},
})
const pullsOf = (...specs: readonly (readonly [entry: string, identity: string])[]) =>
  planPulls(
    deployment,
    specs.map(([entry, identity]) => ({ entry, boundImage: image(identity) })),
    4,
  ).pulls

t.test('units are named for the identity alone', t => {
  const [first] = pullsOf(['a.image', 'one'])
  t.match(first?.unit, /^bootc-pending-[0-9a-f]{16}-image\.service$/)
  t.equal(first?.unit, pullsOf(['b.image', 'two'], ['c.image', 'one'])[1]?.unit)
  t.not(first?.unit, pullsOf(['a.image', 'two'])[0]?.unit)
  t.end()
})

t.test('one request of several specs is one pull that names each once', t => {
  const pulls = pullsOf(
    ['d/0.image', 'one'],
    ['d/1.image', 'two'],
    ['d/2.kube', 'one'],
    ['d/2.kube', 'one'],
  )
  t.strictSame(
    pulls.map(({ boundImage, entries }) => [boundImage.identity, entries]),
    [
      ['one', ['d/0.image', 'd/2.kube']],
      ['two', ['d/1.image']],
    ],
  )
  t.end()
})

t.test('the target is named for the deployment', t => {
  t.equal(planPulls(deployment, [], 4).target, 'bootc-bound-images-0123456789ab.3.target')
  t.match(planPulls('any directory\n', [], 4).target, /^bootc-bound-images-[0-9a-f]{12}\.target$/)
  t.end()
})
