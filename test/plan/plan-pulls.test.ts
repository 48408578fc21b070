import * as fc from 'fast-check'
import t from 'tap'
import { isPendingUnit, neededPulls, planPulls } from '../../lib/plan/plan-pulls.ts'
import { seed } from '../judges/seed.ts'
import { makeImage } from './make-image.ts'

const deployment = `0123456789ab${'c'.repeat(52)}.3`
const pullsOf = (...specs: readonly (readonly [entry: string, identity: string])[]) =>
  planPulls(
    deployment,
    specs.map(([entry, identity]) => ({ entry, boundImage: makeImage(identity) })),
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

t.test('a pull by digest has a unit of its own, and keeps the name that containers use', t => {
  const specs = [{ entry: 'a.image', boundImage: makeImage('one') }]
  const digest = `sha256:${'d'.repeat(64)}`
  const [byTag] = planPulls(deployment, specs, 4).pulls
  const [byDigest] = planPulls(deployment, specs, 4, new Map([['one', { digest }]])).pulls
  t.not(byTag?.unit, byDigest?.unit)
  t.match(byDigest?.boundImage, { name: 'quay.io/x/a:1', digest })
  t.end()
})

t.test('what is there has no place in the order', t => {
  const specs = ['one', 'two', 'three'].map(identity => ({
    entry: `${identity}.image`,
    boundImage: { ...makeImage(identity), name: `quay.io/x/${identity}:1` },
  }))
  const base = [{ digest: 'base', bytes: 5000 }]
  const plan = planPulls(
    deployment,
    specs,
    4,
    new Map([
      ['one', { isPresent: true }],
      ['two', { layers: base }],
      ['three', { layers: [...base, { digest: 'own', bytes: 7000 }] }],
    ]),
  )
  const [one, two, three] = plan.pulls
  t.match(one, { isNeeded: false, after: [] })
  t.match(two, { isNeeded: true, after: [], bytes: 5000 })
  t.match(three, { isNeeded: true, after: [two?.unit], bytes: 7000 })
  t.strictSame(neededPulls(plan), [two, three])
  t.ok(plan.pulls.every(({ unit }) => isPendingUnit(unit)))
  t.notOk(isPendingUnit(plan.target))
  t.end()
})

t.test('what has no room is left out, and keeps its reason', t => {
  const specs = ['one', 'two'].map(identity => ({
    entry: `${identity}.image`,
    boundImage: { ...makeImage(identity), name: `quay.io/x/${identity}:1` },
  }))
  const layers = [{ digest: 'base', bytes: 5000 }]
  const known = new Map([
    ['one', { layers, noRoom: 'it is 9 TB' }],
    ['two', { layers }],
  ])
  const plan = planPulls(deployment, specs, 4, known)
  const [one, two] = plan.pulls
  t.match(one, { isNeeded: false, after: [], noRoom: 'it is 9 TB' })
  t.match(two, { isNeeded: true, after: [], bytes: 5000, noRoom: undefined })
  t.strictSame(neededPulls(plan), [two])
  t.end()
})

t.test('two requests for one name come one after the other, although nobody knows the image', t => {
  const specs = ['denied', 'allowed'].map(identity => ({
    entry: `${identity}.image`,
    boundImage: makeImage(identity),
  }))
  const known = new Map([['denied', { isRefused: true }]])
  const [denied, allowed] = planPulls(deployment, specs, 4, known).pulls
  t.match(allowed, { isNeeded: true, after: [], bytes: undefined })
  t.match(denied, { isNeeded: true, after: [allowed?.unit], bytes: undefined })
  t.end()
})

t.test('the order of the specs does not matter', t => {
  const layer = fc.nat(4).map(index => ({ digest: `sha256:${index}`, bytes: 5_000_000 }))
  const known = fc.record(
    {
      digest: fc.nat(9).map(index => `sha256:image-${index}`),
      layers: fc.array(layer, { maxLength: 3 }),
      isPresent: fc.boolean(),
      isRefused: fc.boolean(),
      isPulling: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  const shuffles = fc.array(known, { maxLength: 20 }).chain(all => {
    const specs = all.map((knowledge, index) => ({ index, knowledge }))
    return fc.tuple(
      fc.constant(specs),
      fc.shuffledSubarray(specs, { minLength: specs.length, maxLength: specs.length }),
    )
  })
  fc.assert(
    fc.property(shuffles, fc.integer({ min: 1, max: 8 }), (orders, maxParallel) => {
      const [some, others] = orders.map(specs => {
        const bound = specs.map(({ index }) => ({
          entry: `${index}.image`,
          boundImage: makeImage(`${index}`),
        }))
        const knowledge = new Map(specs.map(({ index, knowledge }) => [`${index}`, knowledge]))
        const { pulls } = planPulls(deployment, bound, maxParallel, knowledge)
        return JSON.stringify(pulls.toSorted((a, b) => (a.unit < b.unit ? -1 : 1)))
      })
      return some === others
    }),
    { seed },
  )
  t.end()
})
