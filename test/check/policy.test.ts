import t from 'tap'
import { parsePolicy, rejectingScope } from '../../lib/check/policy.ts'

const accept = [{ type: 'insecureAcceptAnything' }]
const reject = [{ type: 'reject' }]
const signed = [{ type: 'signedBy', keyPath: '/x' }]
const rejecting = (policy: unknown, image: string) =>
  rejectingScope(parsePolicy(JSON.stringify(policy)), image)

t.test('the most specific scope decides', t => {
  const image = 'r.example.com:5000/org/app:1'
  const scopes = [
    image,
    'r.example.com:5000/org/app',
    'r.example.com:5000/org',
    'r.example.com:5000',
    '*.example.com',
    '*.com',
    '',
  ]
  for (const [index, scope] of scopes.entries()) {
    const others = scopes.slice(index + 1).map(each => [each, accept])
    const docker = Object.fromEntries([[scope, reject], ...others])
    t.equal(
      rejecting({ default: accept, transports: { docker } }, image),
      `transports.docker."${scope}"`,
    )
    const opposite = Object.fromEntries([
      [scope, accept],
      ...others.map(([each]) => [each, reject]),
    ])
    t.equal(rejecting({ default: reject, transports: { docker: opposite } }, image), undefined)
  }
  t.equal(rejecting({ default: reject }, image), 'default')
  const others = Object.fromEntries(
    ['r.example.com', 'example.com:5000', '*.r.example.com', 'r.example.com:5000/or'].map(each => [
      each,
      reject,
    ]),
  )
  t.equal(rejecting({ default: accept, transports: { docker: others } }, image), undefined)
  t.end()
})

t.test('digests, and signatures', t => {
  const image = 'quay.io/a@sha256:0'
  const of = (docker: unknown) => rejecting({ default: accept, transports: { docker } }, image)
  t.equal(of({ 'quay.io/a@sha256:0': reject }), 'transports.docker."quay.io/a@sha256:0"')
  t.equal(of({ 'quay.io/a': signed }), undefined)
  t.equal(of({ 'quay.io/a': [...signed, ...reject] }), 'transports.docker."quay.io/a"')
  t.end()
})

t.test('files in the root', t => {
  const of = (transports: unknown) =>
    rejecting({ default: reject, transports }, 'oci-archive:/usr/a.tar:x')
  t.equal(of({ docker: { '': accept } }), 'default')
  t.equal(of({ 'oci-archive': { '': accept } }), undefined)
  t.equal(of({ 'oci-archive': { '': reject } }), 'transports.oci-archive.""')
  t.equal(of({ 'oci-archive': { '': reject, '/usr': accept } }), undefined, 'not known')
  t.end()
})

t.test('what podman refuses', t => {
  const refused: readonly [text: string, reason: RegExp][] = [
    ['{', /JSON/],
    ['[]', /^default is not a list/],
    ['{"default": []}', /^default is not a list/],
    ['{"default": [{}], "transports": {"docker": {"a": {}}}}', /^transports\.docker\."a" is not/],
  ]
  for (const [text, message] of refused) t.throws(() => parsePolicy(text), { message })
  t.end()
})
