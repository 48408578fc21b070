import t from 'tap'
import { checkRoot } from '../../lib/check/check-root.ts'
import { formatFinding } from '../../lib/check/format-finding.ts'
import { specWarnings } from '../../lib/check/spec-warnings.ts'
import { DropIns } from '../../lib/quadlet/drop-ins.ts'
import { listQuadletFiles } from '../../lib/quadlet/quadlet-files.ts'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const quadlets = 'usr/share/containers/systemd'
const links = 'usr/lib/bootc/bound-images.d'
const digest = `sha256:${'0'.repeat(64)}`

/** A file of Quadlet's, and a link to it in bound-images.d. */
const bound = (name: string, text: string): Tree => ({
  [`${quadlets}/${name}`]: text,
  [`${links}/${name}`]: { link: `/${quadlets}/${name}` },
})
const check = (tree: Tree) => {
  const root = makeTree(t, { 'usr/': '', ...tree })
  return checkRoot(root).findings.map(finding => formatFinding(finding).replace(`${root}/`, ''))
}

t.test('an OS image with nothing to say about', t => {
  const web = `[Image]\nImage=quay.io/a/web@${digest}\nPolicy=missing\n`
  const tree = {
    ...bound('web.image', web),
    [`${quadlets}/web.container`]: '[Container]\nImage=web.image\n',
    [`${quadlets}/none.kube`]: { link: '/dev/null' },
    [`${quadlets}/template@.container`]: '[Container]\nImage=quay.io/a/%i:1\n',
    [`${quadlets}/odd.container`]: '[X-Any]\n\u00a0A=b\\ \n',
  }
  t.strictSame(check(tree), [])
  t.equal(checkRoot(makeTree(t, tree)).specs.length, 1)
  t.end()
})

t.test('units that keep updates from being applied', t => {
  const dropIns = 'ostree-finalize-staged.service.d'
  const found = check({
    'usr/etc/systemd/system/bootc-bound-images-gate.service': { link: '/dev/null' },
    [`usr/lib/systemd/system/${dropIns}/50-bootc-bound-images.conf`]: '[Unit]\n',
    [`usr/lib/systemd/system/${dropIns}/zz-bootc-bound-images.conf`]: '[Service]\n',
  })
  t.matchOnly(found, [
    /^usr\/etc\/systemd\/system\/bootc-bound-images-gate\.service: warning: it masks /,
    /^usr\/lib\/.*\/zz-bootc-bound-images\.conf: warning: it is of version 0\.1\.0/,
  ])
  t.end()
})

t.test('where the OS keeps images', t => {
  const web = bound('web.image', `[Image]\nImage=quay.io/a/web@${digest}\nPolicy=missing\n`)
  const file = 'usr/share/containers/storage.conf'
  const used = { [`${quadlets}/web.container`]: '[Container]\nImage=web.image\n' }
  t.strictSame(check({ ...web, ...used, [file]: '[storage]\nimagestore = "/var/images"\n' }), [
    'etc/containers/storage.conf: warning: images are kept in /var/images, and an update from an OS that keeps them elsewhere is refused (make sure that the running OS of every host has the same setting)',
  ])
  t.match(check({ ...web, ...used, [file]: 'x' }), [
    /^etc\/containers\/storage.conf: error: \/usr\/share\/containers\/storage.conf: .* \(correct the file\)$/,
  ])
  const dedicated = { 'usr/lib/bootc-bound-images.conf': '[BoundImages]\nStore=dedicated\n' }
  t.strictSame(check({ ...web, ...used, ...dedicated }), [
    'etc/containers/storage.conf: error: Store=dedicated, but the OS does not read /var/lib/shared/bootc-bound-images (write additionalimagestores = ["/var/lib/shared/bootc-bound-images"] below [storage.options] in /etc/containers/storage.conf)',
  ])
  const named =
    '[storage.options]\nadditionalimagestores = ["/var/lib/shared/bootc-bound-images"]\n'
  t.strictSame(check({ ...web, ...used, ...dedicated, [file]: named }), [])
  const mounted = {
    ...used,
    [`${quadlets}/web.container`]:
      '[Container]\nImage=web.image\nMount=type=tmpfs,dst=/x\nMount=type=image,source=x,dst=/y\n',
  }
  t.match(check({ ...web, ...mounted, ...dedicated, [file]: named }), [
    /^.*web\.container:4: warning: Mount=: podman does not mount an image of Store=dedicated/,
  ])
  t.strictSame(check({ ...web, ...mounted }), [])
  t.strictSame(check({ [file]: 'x' }), [], 'without specs')
  t.end()
})

t.test('what is found, with its place', t => {
  const container = (text: string) =>
    bound('web.container', `[Container]\nImage=quay.io/a/web@${digest}\n${text}\n`)
  const cases: readonly [what: string, tree: Tree, findings: readonly RegExp[]][] = [
    [
      'an error',
      bound('web.image', '[Image]\nImage=a b\n'),
      [/^.*web\.image:2: error: Image=: not an image reference: it holds white space \(write /],
    ],
    [
      'a tag',
      bound('web.container', '[Container]\nImage=quay.io/a/web:1\n'),
      [/^.*web\.container:2: warning: Image=: the tag of quay\.io\/a\/web:1 can move/],
    ],
    ['auto-update', container('AutoUpdate=registry'), [/^.*:3: warning: AutoUpdate=: podman/]],
    ['pull at start', container('Pull=always'), [/^.*:3: warning: Pull=: the container asks/]],
    [
      'what bootc does not look at',
      {
        ...container('Mount=type=image,source=w.image'),
        [`${quadlets}/w.image`]: `[Image]\nImage=quay.io/a/w@${digest}\nCreds=a:b\nPolicy=missing\n`,
      },
      [],
    ],
    ['a directory that is none', { [links]: 'x' }, [/^usr\/lib\/bootc\/bound-images\.d: error: /]],
    [
      'a key that a newer podman may have',
      container('Fancy=1'),
      [/^.*web\.container:3: warning: Fancy=: unknown key in \[Container\] \(make sure/],
    ],
    ['no pull at start', container('Pull=missing\nPodmanArgs=--pull=never --pullx'), []],
    [
      'pull at start, by an argument',
      container('PodmanArgs=--pull=always\nPodmanArgs=--quiet'),
      [/^.*:3: warning: PodmanArgs=: the container asks .* \(remove --pull\)$/],
    ],
    [
      'pull at start, by two words',
      container("PodmanArgs=--tty '--pull' newer"),
      [/^.*:3: warning: PodmanArgs=: the container asks /],
    ],
    [
      'a pod and a volume',
      {
        ...bound('web.pod', '[Pod]\n'),
        ...bound('web.volume', `[Volume]\nDriver=image\nImage=quay.io/a/v@${digest}\n`),
        [`${quadlets}/web.container`]: `[Container]\nImage=quay.io/a/web@${digest}\nPod=web.pod\nVolume=web.volume:/v\n`,
      },
      [
        /^.*web\.pod.*: warning: bootc itself reads this directory and knows only links to/,
        /^.*web\.pod.*: warning: bootc itself reads this directory and knows only links to/,
        /^.*web\.volume.*: warning: bootc itself reads this directory and knows only links to/,
      ],
    ],
    [
      'files that are not read',
      {
        [`${links}/web.image~`]: 'x',
        [`${links}/.web.image.swp`]: 'x',
        [`${links}/README.md`]: 'x',
        'usr/lib/bootc-bound-images/bound-images.d/a.image.rpmsave': 'x',
      },
      [
        /^.*\.rpmsave: warning: its name is that of a backup or a note, so it is not read \(rename/,
        ...Array.from(
          { length: 3 },
          () => /^.*: warning: its name is that of a backup or a note; bootc itself reads/,
        ),
      ],
    ],
    [
      'a directory that is not read',
      { 'usr/lib/bootc/bound-image.d/web.image': '', 'usr/lib/bootc/other.d/web.image': '' },
      [
        /^usr\/lib\/bootc\/bound-image\.d: warning: no specs are read from here \(did you mean bound-/,
      ],
    ],
    [
      'an entry that leads nowhere',
      { [`${links}/web.image`]: { link: `/${quadlets}/web.image` } },
      [/web\.image: error: .* does not exist in the root \(correct or remove the link, or add/],
    ],
    [
      'an empty entry, and one that hides another',
      {
        [`${links}/web.image`]: '',
        [`${links}/a.toml`]: '',
        'usr/lib/bootc-bound-images/bound-images.d/a.toml': 'x',
      },
      [/^.*web\.image: warning: it is empty or masked, and hides nothing \(remove it, or copy/],
    ],
    [
      'a login that is not there',
      {
        ...bound(
          'web.image',
          `[Image]\nImage=quay.io/a/web@${digest}\nAuthFile=/etc/auth.json\nPolicy=missing\n`,
        ),
        [`${quadlets}/web.container`]: '[Container]\nImage=web.image\n',
      },
      [
        /^.*web\.image.*: warning: bootc itself .* fails its upgrade on AuthFile= \(put it into \/usr/,
        /web\.image:3: warning: AuthFile=: \/etc\/auth\.json is not in the OS image \(make sure/,
      ],
    ],
    [
      'logins that need not be in the image, or are',
      {
        ...bound(
          'web.image',
          `[Image]\nImage=quay.io/a/web@${digest}\nCreds=me:x\nCertDir=/usr/certs\nArch=arm64\nPodmanArgs=--quiet\nPolicy=missing\n`,
        ),
        'usr/certs/ca.crt': '',
        [`${quadlets}/web.container`]: '[Container]\nImage=web.image\n',
      },
      [],
    ],
    [
      'a login that is not there, by a link',
      {
        ...container('PodmanArgs=--authfile=/root/auth.json --cert-dir=/root//certs'),
        root: { link: 'var/roothome' },
      },
      [
        /^.*: warning: .* fails its upgrade on AuthFile=/,
        /web\.container:3: warning: PodmanArgs=: \/root\/auth\.json is not in the OS image \(make sure/,
        /web\.container:3: warning: PodmanArgs=: \/root\/\/certs is not in the OS image \(make sure/,
      ],
    ],
    [
      'the place of a login that is not there',
      {
        'usr/lib/bootc-bound-images/bound-images.d/x.toml': `authfile = "/etc/a.json"\nimages = ["quay.io/a/web@${digest}"]\n`,
        'usr/lib/bootc-bound-images/bound-images.d/y.image': `[Image]\nImage=quay.io/a/y@${digest}\nPodmanArgs='--auth'file=/etc/b.json\n`,
        [`${quadlets}/web.container`]: `[Container]\nImage=quay.io/a/web@${digest}\n`,
        [`${quadlets}/y.container`]: `[Container]\nImage=quay.io/a/y@${digest}\n`,
      },
      [
        /x\.toml: warning: authfile=: \/etc\/a\.json is not/,
        /y\.image: warning: \/etc\/b\.json is not/,
      ],
    ],
    [
      'certificates that are not there',
      {
        ...bound(
          'web.image',
          `[Image]\nImage=quay.io/a/web@${digest}\nCertDir=/etc/certs\nPolicy=missing\n`,
        ),
        [`${quadlets}/web.container`]: '[Container]\nImage=web.image\n',
      },
      [/web\.image:3: warning: CertDir=: \/etc\/certs is not in the OS image/],
    ],
    [
      'an image that nothing uses',
      bound('web.image', `[Image]\nImage=quay.io/a/web@${digest}\nPolicy=missing\n`),
      [/^.*:2: warning: Image=: no \.container or \.kube file uses quay\.io\/a\/web@sha256/],
    ],
    [
      'a container that is not bound',
      { [`${quadlets}/web.container`]: `[Container]\nImage=quay.io/a/web@${digest}\n` },
      [/^usr\/share\/.*web\.container: warning: its image quay\.io\/a\/web@.* is not bound \(link/],
    ],
    [
      'an archive has no tag that moves',
      {
        ...bound('web.image', '[Image]\nImage=oci-archive:/usr/x.tar\nImageTag=quay.io/a/web:1\n'),
        'usr/x.tar': 'x',
        [`${quadlets}/web.container`]: '[Container]\nImage=quay.io/a/web:1\n',
      },
      [],
    ],
    [
      'what bootc cannot read',
      { [`${links}/x.toml`]: `images = ["quay.io/a/web@${digest}"]\n`, ...container('') },
      [/^.*x\.toml: warning: bootc itself reads this directory/],
    ],
    [
      'what bootc takes for an image',
      {
        ...bound('web.container', '[Container]\nImage=web.image\n'),
        [`${quadlets}/web.image`]: `[Image]\nImage=quay.io/a/web@${digest}\nPolicy=missing\n`,
      },
      [
        /^.*web\.container.*: warning: bootc itself .* takes the name of a \.image file for an image/,
      ],
    ],
    [
      'what each host knows',
      bound('web.container', `[Container]\nImage=quay.io/a/web-%m@${digest}\n`),
      [],
    ],
    [
      'the same where bootc does not look',
      {
        'usr/lib/bootc-bound-images/bound-images.d/x.toml': `images = ["quay.io/a/web@${digest}"]\n`,
        ...container(''),
      },
      [],
    ],
  ]
  for (const [what, tree, findings] of cases) t.matchOnlyStrict(check(tree), findings, what)
  t.end()
})

t.test('everything must be bound', t => {
  const tree = makeTree(t, {
    [`${quadlets}/web.container`]: `[Container]\nImage=quay.io/a/web@${digest}\n`,
  })
  t.match(checkRoot(tree, true).findings, [{ severity: 'error', reason: /is not bound$/ }])
  t.match(checkRoot(tree).findings, [{ severity: 'warning' }])
  t.end()
})

t.test('everything must be bound, and can be', t => {
  const files = (all: string) =>
    makeTree(t, {
      [`usr/lib/bootc-bound-images/bound-images.d/all.toml`]: all,
      [`${quadlets}/local.container`]: '[Container]\nImage=localhost/x:1\n',
      [`${quadlets}/missing.container`]: '[Container]\nImage=gone.image\n',
      [`${quadlets}/link.container`]: { link: '/nowhere' },
    })
  const errors = (all: string) =>
    checkRoot(files(all), true).findings.filter(({ severity }) => severity === 'error')
  t.match(errors('images = ["quay.io/a/web:1"]'), [
    { entry: `${quadlets}/link.container` },
    { entry: `${quadlets}/missing.container`, reason: /no Quadlet file gone\.image/ },
  ])
  const found = errors('all = true')
  t.match(found, [
    { entry: /all\.toml$/, file: /link\.container$/ },
    { entry: /all\.toml$/, file: /missing\.container$/ },
  ])
  t.equal(found.length, 2)
  t.end()
})

t.test('where it looks', t => {
  const at = (tree: Tree) => checkRoot(makeTree(t, { 'usr/': '', ...tree })).directories
  t.match(at({}), ['/etc/bootc/bound-images.d'])
  const settings = { 'usr/lib/bootc-bound-images.conf': '[BoundImages]\nSpecDirs=/usr/specs\n' }
  t.strictSame(at(settings), ['/usr/specs'])
  t.end()
})

t.test('a directory without an operating system', t => {
  t.throws(() => checkRoot(t.testdir({})), { message: /has no directory usr/ })
  t.end()
})

t.test('in the image itself, paths are where they are', t => {
  const path = '/etc/passwd'
  const boundImage = {
    image: `quay.io/a@${digest}`,
    name: `quay.io/a@${digest}`,
    identity: '',
    globalOptions: [],
    options: [
      {
        flag: '--authfile',
        words: ['--authfile', path],
        identity: `--authfile=${path}`,
        files: [],
      },
    ],
    origin: {},
  }
  const files = new DeploymentFiles('/')
  const dropIns = new DropIns(files, listQuadletFiles(files))
  t.strictSame(specWarnings(files, dropIns, [{ entry: 'x', boundImage }]), [])
  t.end()
})

const asks = (image: Tree, line: string) =>
  check({ ...bound('web.container', `[Container]\n${line}\n`), ...image }).filter(each =>
    each.includes('only if the registry answers'),
  )
const file = (name: string, text: string) => ({ [`${quadlets}/${name}`]: text })

t.test('services that start only if the registry answers', t => {
  const named = `[Image]\nImage=quay.io/a/web@${digest}\n`
  const uses = 'Image=web.image'
  t.match(asks(file('web.image', named), uses), [
    /^usr\/share\/containers\/systemd\/web\.container: warning: .*\/web\.image, .*set Policy=missing there/u,
  ])
  t.strictSame(asks(file('web.image', `${named}PodmanArgs=--policy=missing\n`), uses), [])
  const archive = '[Image]\nImage=oci-archive:/usr/x.tar\nImageTag=quay.io/a/web:1\n'
  t.strictSame(asks({ ...file('web.image', archive), 'usr/x.tar': '' }, uses), [])
  t.strictSame(asks({}, `Image=quay.io/a/web@${digest}`), [])
  const artifact = file('w.artifact', `[Artifact]\nArtifact=quay.io/a/w@${digest}\n`)
  const mount = `Image=quay.io/a/web@${digest}\nMount=type=artifact,source=w.artifact,dst=/w`
  t.match(asks(artifact, mount), [/name the artifact itself here/u])
  t.end()
})

t.test('a file with more images than anybody reads', t => {
  const names = Array.from({ length: 25 }, (_, index) => `{image: quay.io/a/${index}@${digest}}`)
  const [found] = check({
    [`${quadlets}/many.kube`]: '[Kube]\nYaml=many.yml\n',
    [`${quadlets}/many.yml`]: `spec: {containers: [${names.join(', ')}]}`,
  })
  t.match(found, /characters\].*, and 5 others is not bound/u)
  t.ok(found && found.length < 1000)
  t.end()
})
