import t from 'tap'
import { planPulls } from '../../lib/plan/plan-pulls.ts'
import type { BoundImage } from '../../lib/spec/bound-image.ts'

const deployment = `0123456789ab${'c'.repeat(52)}.3`
const unitsOf = (...boundImages: readonly BoundImage[]) =>
  planPulls(
    deployment,
    boundImages.map((boundImage, index) => ({ entry: `d/${index}.image`, boundImage })),
  ).pulls

t.test('units are named for the request', t => {
  const [first] = unitsOf({ image: 'a' })
  t.match(first?.unit, /^bootc-pending-[0-9a-f]{16}-image\.service$/)
  t.equal(first?.unit, unitsOf({ image: 'b' }, { image: 'a' })[1]?.unit, 'and for nothing else')
  const others: readonly BoundImage[] = [
    { image: 'a:latest' },
    { image: 'a', authFile: '/x' },
    { image: 'a', tlsVerify: false },
    { image: 'a', tlsVerify: true },
  ]
  const names = unitsOf({ image: 'a' }, ...others).map(({ unit }) => unit)
  t.equal(new Set(names).size, others.length + 1, 'whatever changes the request changes the name')
  t.end()
})

t.test('one request of two specs is one pull that names both', t => {
  t.match(unitsOf({ image: 'a' }, { image: 'b' }, { image: 'a' }), [
    { boundImage: { image: 'a' }, entries: ['d/0.image', 'd/2.image'] },
    { boundImage: { image: 'b' }, entries: ['d/1.image'] },
  ])
  t.end()
})

t.test('the target is named for the deployment', t => {
  t.equal(planPulls(deployment, []).target, 'bootc-bound-images-0123456789ab.3.target')
  t.match(planPulls('any directory\n', []).target, /^bootc-bound-images-[0-9a-f]{12}\.target$/)
  t.end()
})
