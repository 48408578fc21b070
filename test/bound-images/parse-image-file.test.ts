import t from 'tap'
import { parseImageFile } from '../../lib/bound-images/parse-image-file.ts'
import { parseUnitFile } from '../../lib/quadlet/unit-file.ts'
import type { Tree } from '../make-tree.ts'
import { makeContext } from './make-context.ts'

const tree: Tree = {
  'etc/auth.json': '{}',
  'etc/certs/': '',
  'etc/key': '',
  'usr/x.tar': '',
  'usr/share/containers/containers.conf.modules/a.conf': '',
  'usr/share/containers/containers.conf.modules/b.conf': '',
}

/** What a `.image` file asks for when its section has these lines. */
function parse(text: string, more: Tree = {}) {
  const { unitFile } = parseUnitFile(`[Image]\n${text}`)
  const context = makeContext(t, { ...tree, ...more })
  const parsed = parseImageFile(unitFile, context)
  const words = (options: readonly { readonly words: readonly string[] }[] | undefined) =>
    options?.flatMap(option => option.words).map(word => word.replaceAll(context.root, '')) ?? []
  return {
    ...parsed,
    words: [...words(parsed.boundImage?.globalOptions), '|', ...words(parsed.boundImage?.options)],
  }
}

const identity = (text: string) => parse(text).boundImage?.identity

t.test('every key, as Quadlet maps it', t => {
  const cases: readonly [line: string, words: readonly string[]][] = [
    ['', ['|']],
    ['AllTags=false', ['|', '--all-tags=false']],
    ['Arch=arm64', ['|', '--arch', 'arm64']],
    ['AuthFile=/etc/auth.json', ['|', '--authfile', '/etc/auth.json']],
    ['CertDir=/etc/certs', ['|', '--cert-dir', '/etc/certs']],
    [
      'ContainersConfModule=a.conf',
      ['--module=/usr/share/containers/containers.conf.modules/a.conf', '|'],
    ],
    ['DecryptionKey=/etc/key', ['|', '--decryption-key', '/etc/key']],
    ['GlobalArgs=--log-level=debug --syslog', ['--log-level=debug', '--syslog', '|']],
    ['ImageTag=quay.io/a:1', ['|']],
    ['OS=linux', ['|', '--os', 'linux']],
    ['PodmanArgs=--quiet --platform linux/arm64', ['|', '--quiet', '--platform', 'linux/arm64']],
    ['Policy=newer', ['|', '--policy', 'newer']],
    ['Retry=5', ['|', '--retry', '5']],
    ['RetryDelay=10s', ['|', '--retry-delay', '10s']],
    ['ServiceName=other', ['|']],
    ['TLSVerify=false', ['|', '--tls-verify=false']],
    ['TLSVerify=ON', ['|', '--tls-verify']],
    ['Variant=v8', ['|', '--variant', 'v8']],
  ]
  for (const [line, words] of cases) {
    const found = parse(`Image=quay.io/a:1\n${line}`)
    t.strictSame(found.faults, [], line)
    t.equal(found.boundImage?.image, 'quay.io/a:1')
    t.strictSame(found.words, words, line)
  }
  t.end()
})

t.test('how values are read', t => {
  const cases: readonly [text: string, image: string, words?: readonly string[]][] = [
    ['Image="quay.io/a:1"', 'quay.io/a:1'],
    ['Image=quay.io/a\nImage=quay.io/b:1', 'quay.io/b:1'],
    ['Image=quay.io/a:%w', 'quay.io/a:13'],
    ['Image=quay.io/a:1\nArch=arm64\nArch=', 'quay.io/a:1'],
    ['Image=quay.io/a:1\nImageTag=A\nImageTag=', 'quay.io/a:1'],
    [
      'Image=quay.io/a:1\nAuthFile=%E/auth.json',
      'quay.io/a:1',
      ['|', '--authfile', '/etc/auth.json'],
    ],
    [
      'Image=quay.io/a:1\nContainersConfModule=x.conf\nContainersConfModule=\nContainersConfModule=a.conf\nContainersConfModule=b.conf',
      'quay.io/a:1',
      [
        '--module=/usr/share/containers/containers.conf.modules/a.conf',
        '--module=/usr/share/containers/containers.conf.modules/b.conf',
        '|',
      ],
    ],
    [
      'Image=quay.io/a:1\nPodmanArgs=--nonsense\nPodmanArgs=\nPodmanArgs=--quiet\nPodmanArgs=\\\n  --os \\\n  linux',
      'quay.io/a:1',
      ['|', '--quiet', '--os', 'linux'],
    ],
    ['Image=quay.io/a:1\nPodmanArgs="--arch=arm\\x364"', 'quay.io/a:1', ['|', '--arch=arm64']],
    ['Image=quay.io/a:1\nPodmanArgs=--variant \\x25w', 'quay.io/a:1', ['|', '--variant', '13']],
  ]
  for (const [text, image, words = ['|']] of cases) {
    const found = parse(text)
    t.strictSame(found.faults, [], text)
    t.equal(found.boundImage?.image, image, text)
    t.strictSame(found.words, words, text)
  }
  t.end()
})

t.test('what is refused, with line, key and reason', t => {
  const cases: readonly [text: string, line: number | undefined, key: string, reason: RegExp][] = [
    ['', undefined, 'Image', /no Image= in \[Image\]/],
    ['Arch=arm64', undefined, 'Image', /no Image=/],
    ['Image=', 2, 'Image', /no image is named/],
    ['Image=a b', 2, 'Image', /not an image reference/],
    ['Image=quay.io/a # comment', 2, 'Image', /not an image reference/],
    ['Image=--all-tags', 2, 'Image', /not an image reference/],
    ["Image='quay.io/a'", 2, 'Image', /not an image reference/],
    ['Image="quay.io/a', 2, 'Image', /quotes/],
    ['Image=""quay.io/a""', 2, 'Image', /quotes/],
    ['Image="', 2, 'Image', /quotes/],
    ['Image=quay.io/a\\\n/b', 2, 'Image', /several lines/],
    ['Image=web.image', 2, 'Image', /cannot refer to another unit/],
    ['Image=web.build', 2, 'Image', /cannot refer to another unit/],
    ['Image=quay.io/a:%v', 2, 'Image', /specifier %v/],
    ['Image=quay.io/a:$TAG${X}', 2, 'Image', /variables/],
    ['Image=quay.io/a\n\nTLSVerify=ture', 4, 'TLSVerify', /not a boolean/],
    ['Image=quay.io/a\nTLSVerify=y', 3, 'TLSVerify', /not a boolean/],
    ['Image=quay.io/a\nTLSVerify=', 3, 'TLSVerify', /not a boolean/],
    ['Image=quay.io/a\nAllTags=yes', 3, 'AllTags', /all tags/],
    ['Image=quay.io/a\nPodmanArgs=-a', 3, 'PodmanArgs', /all tags/],
    ['Image=quay.io/a\nPodmanArgs=--os \\\n linu\\\nx', 3, 'PodmanArgs', /a word spans two lines/],
    ['Image=quay.io/a\nPodmanArgs=-q ""', 3, 'PodmanArgs', /empty word/],
    ['Image=quay.io/a\nPodmanArgs=quay.io/b', 3, 'PodmanArgs', /not an option/],
    [
      'Image=quay.io/a\nArch=a\nPodmanArgs=--platform=linux',
      4,
      'PodmanArgs',
      /--platform cannot be combined with Arch=/,
    ],
    ['Image=quay.io/a\nGlobalArgs=--root=/x', 3, 'GlobalArgs', /--root is not supported/],
    [
      'Image=quay.io/a\nContainersConfModule="a.conf"',
      3,
      'ContainersConfModule',
      /no module "a\.conf"/,
    ],
    [
      'Image=quay.io/a\nContainersConfModule=a\\\n.conf',
      3,
      'ContainersConfModule',
      /several lines/,
    ],
    ['Image=quay.io/a\nAuthFile=auth.json', 3, 'AuthFile', /not an absolute path/],
    ['Image=quay.io/a\nCreds=me', 3, 'Creds', /user and a password/],
    ['Image=quay.io/a\nRetryDelay=10', 3, 'RetryDelay', /duration/],
    [
      'Image=quay.io/a\nImageTag=quay.io/a:2',
      3,
      'ImageTag',
      /use quay\.io\/a:2, but .* quay\.io\/a:latest/,
    ],
    ['ImageTag=b c\nImage=quay.io/a', 2, 'ImageTag', /not an image reference/],
    ['ImageTag=$X\nImage=quay.io/a', 2, 'ImageTag', /variables/],
    ['Image=quay.io/a\nPullSecret=x', 3, 'PullSecret', /unknown key in \[Image\]/],
    ['Image=quay.io/a\nX-Foo=x', 3, 'X-Foo', /unknown key/],
    ['Image=quay.io/a\nimage=x', 3, 'image', /unknown key/],
  ]
  for (const [text, line, key, reason] of cases) {
    const { boundImage, faults } = parse(text)
    t.equal(boundImage, undefined, text)
    t.match(faults, [{ line, key, reason }], text)
    t.equal(faults.length, 1, text)
  }
  t.end()
})

const times = (count: number, text: string) => `Image=quay.io/a\n${text.repeat(count)}`

t.test('no key has more values than a sane spec', t => {
  const tooMany = { reason: 'more than 100 values', remedy: 'remove those that repeat others' }
  const lines: readonly [key: string, line: string][] = [
    ['ContainersConfModule', 'ContainersConfModule=a.conf\n'],
    ['GlobalArgs', 'GlobalArgs=--syslog\n'],
    ['PodmanArgs', 'PodmanArgs=--retry 1\n'],
  ]
  for (const [key, line] of lines) {
    t.strictSame(parse(times(100, line)).faults, [], key)
    t.match(parse(times(101, line)).faults, [{ line: 103, key, ...tooMany }])
  }
  const { faults } = parse(times(1, `PodmanArgs=${'-q '.repeat(101)}`))
  t.match(faults, [{ line: 3, key: 'PodmanArgs', ...tooMany }])
  t.end()
})

t.test('every fault of a spec is reported', t => {
  const { faults } = parse('Image=a b\nTLSVerify=x\nAuthFile=y\nFoo=z')
  t.strictSame(
    new Set(faults.map(({ key }) => key)),
    new Set(['AuthFile', 'Foo', 'Image', 'TLSVerify']),
  )
  t.end()
})

t.test('the keys of other sections do not matter', t => {
  const { faults } = parse('Image=quay.io/a\n[Service]\nFoo=%b\n[Install]\nWantedBy=x\n[X-y]\nz=')
  t.strictSame(faults, [])
  t.end()
})

t.test('identity: the same for the same request', t => {
  const same = [
    'Image=quay.io/a',
    'Image=quay.io/a:latest',
    'Image="docker://quay.io/a"',
    'Image=quay.io/a\nArch=x\nArch=\nServiceName=other',
    'Image=quay.io/a\nPodmanArgs=--quiet',
    'Image=quay.io/a\nGlobalArgs=--log-level=debug',
  ]
  t.equal(new Set(same.map(identity)).size, 1)
  const others = [
    'Image=quay.io/a',
    'Image=quay.io/b',
    'Image=quay.io/a:1',
    'Image=quay.io/a\nArch=arm64',
    'Image=quay.io/a\nOS=arm64',
    'Image=quay.io/a\nTLSVerify=false',
    'Image=quay.io/a\nTLSVerify=true',
    'Image=quay.io/a\nAuthFile=/etc/auth.json',
    'Image=quay.io/a\nContainersConfModule=a.conf',
    'Image=docker-archive:/usr/x.tar\nImageTag=quay.io/a',
  ]
  t.equal(new Set(others.map(identity)).size, others.length)
  t.notMatch(
    identity('Image=quay.io/a\nAuthFile=/etc/auth.json'),
    'fixtures',
    'in every deployment',
  )
  t.end()
})

t.test('the login of the host is for a pull without one', t => {
  const login = { 'etc/ostree/auth.json': '{"auths": {"quay.io": {}}}' }
  const cases: readonly [text: string, authFile: string | undefined][] = [
    ['Image=quay.io/a', '/etc/ostree/auth.json'],
    ['Image=other.io/a', undefined],
    ['Image=quay.io/a\nAuthFile=/etc/auth.json', '/etc/auth.json'],
    ['Image=docker-archive:/usr/x.tar\nImageTag=quay.io/a', undefined],
  ]
  for (const [text, authFile] of cases) {
    const expected = authFile === undefined ? ['|'] : ['|', '--authfile', authFile]
    t.strictSame(parse(text, login).words, expected, text)
  }
  const withLogin = parse('Image=quay.io/a', login).boundImage?.identity
  t.equal(withLogin, parse('Image=quay.io/a').boundImage?.identity, 'and is not in the identity')
  t.end()
})

t.test('Creds= goes before every AuthFile=', t => {
  const { boundImage, words } = parse(
    'Image=quay.io/a\nAuthFile=/etc/auth.json\nCreds=me:hunter2\nPodmanArgs=--authfile=/etc/auth.json -q',
  )
  t.match(words, ['|', '--authfile', /^\/secrets\/\w+\.creds\.json$/, '-q'])
  t.equal(words.length, 4)
  t.notMatch(`${boundImage?.identity}${words.join()}`, /hunter/)
  t.end()
})

t.test('two passwords for one registry, or passphrases for one key', t => {
  for (const text of [
    'Creds=a:b\nPodmanArgs=--creds=a:c',
    'DecryptionKey=/etc/key:a\nPodmanArgs=--decryption-key=/etc/key:b',
  ])
    t.match(parse(`Image=quay.io/a\n${text}`).faults, [
      { key: 'PodmanArgs', reason: /^more than one password/ },
    ])
  t.strictSame(parse('Image=quay.io/a:1\nCreds=a:b\nPodmanArgs=--creds=a:b').faults, [])
  t.end()
})
