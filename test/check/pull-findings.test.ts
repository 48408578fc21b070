import t from 'tap'
import { checkRoot } from '../../lib/check/check-root.ts'
import { formatFinding } from '../../lib/check/format-finding.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const quadlets = 'usr/share/containers/systemd'
const specs = 'usr/lib/bootc-bound-images/bound-images.d'
const digest = `sha256:${'0'.repeat(64)}`

/** What check says about a root that binds these images, each used by a container. */
const check = (tree: Tree, images: readonly string[] = ['r.example.com/web'], more = '') => {
  const bound = images.flatMap((image, index): [string, Tree[string]][] => [
    [`${quadlets}/i${index}.image`, `[Image]\nImage=${image}@${digest}\n${more}Policy=missing\n`],
    [`${quadlets}/i${index}.container`, `[Container]\nImage=i${index}.image\n`],
    [`${specs}/i${index}.image`, { link: `/${quadlets}/i${index}.image` }],
  ])
  const root = makeTree(t, { 'usr/': '', ...Object.fromEntries(bound), ...tree })
  return checkRoot(root).findings.map(finding =>
    formatFinding(finding)
      .replace(`${root}/`, '')
      .replace(/ \[read for .*\]$/, ''),
  )
}
const image = `${quadlets}/i0.image:2: error: Image=: r.example.com/web@${digest}`

t.test('registries.conf', t => {
  const at = 'etc/containers/registries.conf'
  t.match(check({ [`${at}.d/a.conf`]: 'unqualified-search-registries = [\n' }), [
    /^etc\/containers\/registries\.conf\.d\/a\.conf:\d: error: podman pulls no image at all: Invalid TOML.* \(correct/,
  ])
  const blocked = '[[registry]]\nprefix = "*.example.com"\nblocked = true\n'
  t.strictSame(check({ [at]: blocked }), [
    `${image} cannot be pulled: /${at} has blocked = true for *.example.com (remove that, or name the image in another registry)`,
  ])
  t.strictSame(check({ [at]: blocked }, ['quay.io/web']), [])
  t.match(check({ [`${at}.d`]: { link: `/${at}.d` } }), [/error: podman pulls no image at all: /])
  t.end()
})

t.test('names that no registry has', t => {
  const file = `${quadlets}/i0.image:2: error: Image=: `
  t.strictSame(check({}, ['localhost/web']), [
    `${file}no host can pull localhost/web@${digest}: the name is that of an image that was built on one machine (push the image to a registry, and write the name that it has there)`,
  ])
  t.strictSame(check({}, ['localhost:5000/web']), [])
  const at = 'etc/containers/registries.conf'
  const mapped = '[[registry]]\nprefix = "localhost"\nlocation = "r.example.com/built"\n'
  t.strictSame(check({ [at]: mapped }, ['localhost/web']), [])
  const same = '[[registry]]\nlocation = "localhost"\ninsecure = true\n'
  t.strictSame(check({ [at]: same }, ['localhost/web']), [], 'a registry of each host')
  const all = '[[registry]]\nprefix = "*.example.com"\nblocked = true\n'
  const but = '[[registry]]\nlocation = "r.example.com"\n'
  for (const text of [all + but, but + all]) t.strictSame(check({ [at]: text }), [], 'all but one')
  t.end()
})

const policy = (docker: string) =>
  `{"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": ${docker}}}`

t.test('policy.json', t => {
  const at = 'etc/containers/policy.json'
  t.strictSame(check({ [at]: policy('{"r.example.com": [{"type": "reject"}]}') }), [
    `${image} cannot be pulled: /${at} rejects it (transports.docker."r.example.com") (allow it there, or name another image)`,
  ])
  t.strictSame(check({ [at]: policy('{}') }), [])
  t.match(check({ [at]: '{\n"default": [],\n}' }), [
    /^etc\/containers\/policy\.json:3: error: podman pulls no image at all: .*JSON.* \(correct the file/,
  ])
  t.match(check({ 'usr/share/containers/policy.json': '' }), [
    /^usr\/share\/containers\/policy\.json: error: podman pulls no image at all: .*JSON/,
  ])
  t.end()
})

t.test('files that cost others their service', t => {
  const warning = 'warning: Quadlet makes no service of any file in this directory'
  t.strictSame(
    check({
      [`${quadlets}/a.network`]: 'x\n',
      [`${quadlets}/b.build`]: { link: '/nowhere' },
      [`${quadlets}/c.volume`]: { link: '/dev/null' },
      [`${quadlets}/d.container/`]: '',
      [`${quadlets}/e.container`]: '',
      [`${quadlets}/f.image`]: `# ${'x'.repeat(70_000)}\n`,
      [`${quadlets}/notes.txt`]: 'x\n',
    }),
    [
      `${quadlets}/a.network:1: ${warning}: this is neither a section, a comment nor Key=value (correct or remove the line)`,
      `${quadlets}/b.build: ${warning}: this link leads nowhere (remove it, or link to /dev/null to mask it)`,
      `${quadlets}/d.container: ${warning}: this is not a regular file (remove it, or link to /dev/null to mask it)`,
    ],
  )
  const many = Array.from({ length: 30 }, (_, index) => [`${quadlets}/n${index}.network`, 'x'])
  t.equal(check(Object.fromEntries(many)).length, 20, 'not too many')
  const big = Array.from({ length: 300 }, (_, index) => [
    `${quadlets}/n${index}.network`,
    `# ${'x'.repeat(60_000)}`,
  ])
  t.match(check(Object.fromEntries(big))[0], /not checked: the Quadlet files of one root exceed/)
  t.end()
})

t.test('mounts that end an older Quadlet', t => {
  const container = (...mounts: readonly string[]) => ({
    [`${quadlets}/m.container`]: `[Container]\nImage=i0.image\n${mounts.map(each => `Mount=${each}\n`).join('')}`,
  })
  t.match(check(container('type=tmpfs,dst=/x', 'type=bind,dst=/x', 'type=bind,dst=/y')), [
    /m\.container:4: warning: Mount=: this mount has no source: Quadlet of podman 5\.4 .* \(add source=\)$/,
  ])
  for (const mount of ['type=volume,src=,dst=/x', 'dst=/x,"type=glob"', 'type=image,SOURCE=/a'])
    t.equal(check(container(mount)).length, 1, mount)
  for (const mount of [
    'type=bind,src=/a,dst=/x',
    'type=volume,"source=a"',
    'type=devpts',
    'dst=/x',
  ])
    t.strictSame(check(container(mount)), [], mount)
  const dropIn = { [`${quadlets}/i0.container.d/a.conf`]: '[Container]\nMount=type=bind,dst=/x\n' }
  t.match(check(dropIn), [/i0\.container\.d\/a\.conf:2: warning: Mount=: this mount/])
  t.strictSame(check({ [`${quadlets}/l.container`]: `# ${'x'.repeat(70_000)}\n` }), [])
  t.end()
})

t.test('services of other users', t => {
  const path = 'etc/containers/systemd/users/1000/web.image'
  t.match(
    check({
      [path]: `[Image]\nImage=r.example.com/web@${digest}\n`,
      [`${specs}/web.image`]: { link: `/${path}` },
    }),
    [
      /users\/1000\/web\.image: warning: Quadlet starts this for users other than root, .* \(remove/,
    ],
  )
  t.end()
})

t.test('CAs that only the next OS trusts', t => {
  const anchor = { 'etc/pki/ca-trust/source/anchors/shop.pem': '' }
  const empty = {
    'etc/pki/ca-trust/source/anchors/': '',
    'usr/local/share/ca-certificates/': '',
    'usr/share/pki/ca-trust-source/anchors/README': '',
  }
  t.strictSame(check(empty), [], 'as distributions have them')
  t.match(check(anchor, ['r.example.com/web', 'r.example.com/db']), [
    /i0\.image:2: warning: Image=: the OS adds CAs in \/etc\/pki\/.*, .* of r\.example\.com yet \(if .*CertDir=\)$/,
  ])
  t.strictSame(check(anchor, ['quay.io/web']), [])
  t.strictSame(check(anchor, ['r.example.com/web'], 'TLSVerify=false\n'), [])
  t.strictSame(
    check({ ...anchor, 'usr/ca/a.crt': '' }, ['r.example.com/web'], 'CertDir=/usr/ca\n'),
    [],
  )
  const certs = 'etc/containers/certs.d/r.example.com'
  t.strictSame(check({ ...anchor, [`${certs}/ca.crt`]: '' }), [])
  const insecure = '[[registry]]\nlocation = "r.example.com"\ninsecure = true\n'
  t.strictSame(check({ ...anchor, 'etc/containers/registries.conf': insecure }), [])
  t.match(check({ [`${certs}/ca.crt`]: { link: '/var/shop/ca.crt' } }), [
    /: warning: Image=: \/etc\/containers\/certs\.d\/.*\/ca\.crt leads to a file that is not in the OS/,
  ])
  const archive = {
    [`${quadlets}/i0.image`]:
      '[Image]\nImage=oci-archive:/usr/x.tar\nImageTag=r.example.com/web:1\n',
    'usr/x.tar': '',
  }
  t.strictSame(check({ ...anchor, ...archive }), [])
  const loop = { 'etc/containers/registries.conf.d': { link: '/etc/containers/registries.conf.d' } }
  t.equal(check({ ...anchor, ...loop }).length, 2)
  const looping = { [certs]: { link: `/${certs}` } }
  t.strictSame(check(looping), [])
  t.end()
})

const status = (version: string) => ({
  'var/lib/dpkg/status': `Package: podman\nStatus: install ok installed\nVersion: ${version}\n`,
})

t.test('a podman that can be made to accept another image', t => {
  t.match(check(status('5.4.2+ds1-2')), [/^usr\/bin\/podman: note: podman 5\.4\.2 .*CVE-/])
  t.strictSame(check(status('5.8.10')), [])
  t.strictSame(check(status('5.4.2'), []), [], 'without specs')
  t.end()
})
