import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { findLogin, readLogins } from '../../lib/bound-images/logins.ts'
import { makeTree, type Tree } from '../make-tree.ts'

/** Which file has the login for an image, below the root. */
function login(tree: Tree, image = 'quay.io/org/app:1'): string | undefined {
  const root = makeTree(t, tree)
  return findLogin(readLogins(new DeploymentFiles(root)), image)?.slice(root.length + 1)
}
const paths = ['run/ostree/auth.json', 'etc/ostree/auth.json', 'usr/lib/ostree/auth.json'] as const
const auths = (...keys: readonly string[]) =>
  JSON.stringify({ auths: Object.fromEntries(keys.map(key => [key, { auth: 'x' }])) })

t.test("ostree's places, in order", t => {
  t.equal(login({}), undefined)
  for (const [index, path] of paths.entries())
    t.equal(
      login(Object.fromEntries(paths.slice(index).map(each => [each, auths('quay.io')]))),
      path,
    )
  t.end()
})

t.test('for which images a file has a login', t => {
  const cases: readonly [key: string, image: string, has: boolean][] = [
    ['quay.io', 'quay.io/org/app:1', true],
    ['quay.io/org', 'quay.io/org/app:1', true],
    ['quay.io/org/app', 'quay.io/org/app:1', true],
    ['quay.io/org/app', `quay.io/org/app@sha256:${'0'.repeat(64)}`, true],
    ['quay.io/o', 'quay.io/org/app:1', false],
    ['quay.io/org/app/x', 'quay.io/org/app:1', false],
    ['quay', 'quay.io/org/app:1', false],
    ['io', 'quay.io/org/app:1', false],
    ['localhost:5000', 'localhost:5000/app:1', true],
    ['localhost', 'localhost:5000/app:1', false],
    ['https://quay.io', 'quay.io/org/app:1', true],
    ['https://quay.io/', 'quay.io/org/app:1', true],
    ['https://quay.io/v2/', 'quay.io/org/app:1', true],
    ['docker.io', 'docker.io/library/app:1', true],
    ['https://index.docker.io/v1/', 'docker.io/library/app:1', true],
    ['registry-1.docker.io', 'docker.io/library/app:1', true],
  ]
  for (const [key, image, has] of cases)
    t.equal(
      login({ [paths[1]]: auths('other.io', key) }, image),
      has ? paths[1] : undefined,
      `${key}: ${image}`,
    )
  t.end()
})

t.test('a file without a login for the image leaves it to the next', t => {
  t.equal(login({ [paths[0]]: auths('other.io'), [paths[1]]: auths('quay.io') }), paths[1])
  t.equal(login({ [paths[0]]: '{}', [paths[1]]: auths('quay.io') }), paths[1])
  t.equal(login({ [paths[0]]: '{"auths": null}' }), undefined)
  t.end()
})

t.test('helpers', t => {
  t.equal(login({ [paths[0]]: '{"credHelpers": {"quay.io": "x"}}' }), paths[0])
  t.equal(login({ [paths[0]]: '{"credHelpers": {"other.io": "x"}}' }), undefined)
  t.equal(login({ [paths[0]]: '{"credsStore": "x"}' }), paths[0], 'one for all')
  t.end()
})

t.test('what cannot be understood is left to podman', t => {
  t.equal(login({ [paths[0]]: 'not JSON', [paths[1]]: auths('quay.io') }), paths[0])
  t.end()
})

t.test('a file that is far too large is left to podman, unread', t => {
  const [path] = paths
  t.equal(login({ [path]: auths('other.example.com') }), undefined)
  t.equal(login({ [path]: auths('other.example.com') + ' '.repeat(2_000_000) }), path)
  t.end()
})
