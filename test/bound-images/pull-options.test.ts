import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import {
  allTags,
  parsePodmanArgs,
  valueOption,
  type PullOption,
} from '../../lib/bound-images/pull-options.ts'
import { makeTree, type Tree } from '../make-tree.ts'
import { makeContext } from './make-context.ts'

const files = { 'etc/auth.json': '{}', 'etc/certs/': '', 'etc/key': '', 'etc/phrase': '' }
const { root } = makeContext(t, files)
const context = (registry: string | undefined = 'quay.io') => ({
  ...makeContext(t, files, root),
  registry,
})
const parse = (...words: readonly string[]) => parsePodmanArgs(words, context())
const wordsOf = (options: readonly PullOption[]) => options.flatMap(({ words }) => words)
const secretPath = /^\/secrets\/[0-9a-f]{16}\.(?:creds\.json|passphrase)$/u

t.test('every option of podman image pull', t => {
  const cases: readonly [words: readonly string[], expected: readonly string[]][] = [
    [[], []],
    [
      ['--arch', 'arm64'],
      ['--arch', 'arm64'],
    ],
    [['--arch=arm64'], ['--arch=arm64']],
    [
      ['--os', 'linux', '--variant=v8'],
      ['--os', 'linux', '--variant=v8'],
    ],
    [
      ['--platform', 'linux/arm64/v8'],
      ['--platform', 'linux/arm64/v8'],
    ],
    [
      ['--authfile', '/etc/auth.json'],
      ['--authfile', `${root}/etc/auth.json`],
    ],
    [['--authfile=/etc/auth.json'], [`--authfile=${root}/etc/auth.json`]],
    [
      ['--cert-dir', '/etc/certs'],
      ['--cert-dir', `${root}/etc/certs`],
    ],
    [
      ['--decryption-key', '/etc/key'],
      ['--decryption-key', `${root}/etc/key`],
    ],
    [
      ['--decryption-key=/etc/key:file=/etc/phrase'],
      [`--decryption-key=${root}/etc/key:file=${root}/etc/phrase`],
    ],
    [
      ['--policy', 'newer'],
      ['--policy', 'newer'],
    ],
    [
      ['--retry', '0', '--retry-delay', '1.5s'],
      ['--retry', '0', '--retry-delay', '1.5s'],
    ],
    [['--retry-delay=1h2m3s4ms'], ['--retry-delay=1h2m3s4ms']],
    [
      ['--quiet', '-q', '--quiet=true', '--tls-verify'],
      ['--quiet', '-q', '--quiet=true', '--tls-verify'],
    ],
    [
      ['--tls-verify=False', '--disable-content-trust=0'],
      ['--tls-verify=False', '--disable-content-trust=0'],
    ],
  ]
  for (const [words, expected] of cases)
    t.strictSame(wordsOf(parse(...words)), expected, words.join(' '))
  t.end()
})

t.test('what podman, or a bound image, does not take', t => {
  const cases: readonly [words: readonly string[], reason: RegExp][] = [
    [['--nonsense'], /no option --nonsense$/],
    [['--nonsense=1'], /no option --nonsense$/],
    [['-x'], /no option -x$/],
    [['-q=1'], /no option -q$/],
    [['quay.io/other'], /a word is not an option/],
    [['--tls-verify', 'false'], /a word is not an option/],
    [['--', 'a'], /a word is not an option/],
    [['constructor', 'a'], /a word is not an option/],
    [['=a'], /a word is not an option/],
    [['--arch'], /--arch requires a value/],
    [['--all-tags'], /all tags/],
    [['--all-tags=true'], /all tags/],
    [['-a'], /all tags/],
    [['--tls-verify=ja'], /takes true or false, not ja/],
    [['--quiet='], /takes true or false/],
    [['--arch', 'arm 64'], /not a platform name/],
    [['--arch='], /not a platform name/],
    [['--os', '-x'], /not a platform name/],
    [['--platform', 'linux//x'], /not a platform name/],
    [['--policy', 'Always'], /Always is not a valid value/],
    [['--retry', '-1'], /not a number/],
    [['--retry', 'many'], /not a number/],
    [['--retry-delay', '10'], /not a duration/],
    [['--retry-delay', '10 s'], /not a duration/],
    [['--retry-delay', '9999999h'], /not a duration/],
    [['--authfile', 'auth.json'], /not an absolute path/],
    [['--authfile', '/usr/nothing'], /the root has no file/],
    [['--cert-dir', '/usr/nothing'], /the root has no directory/],
    [['--decryption-key', '/usr/nothing:x'], /the root has no file/],
    [['--decryption-key', '/etc/key:file=/usr/nothing'], /the root has no file/],
    [['--decryption-key', '/etc/key:a:b'], /not a key file and a passphrase/],
    [['--decryption-key', '/etc/key:fd=3'], /not a key file and a passphrase/],
    [['--decryption-key', 'provider:x'], /not a key file and a passphrase/],
    [['--creds', 'me'], /not a user and a password/],
    [['--creds', ':secret'], /not a user and a password/],
  ]
  for (const [words, message] of cases)
    t.throws(() => parse(...words), { message }, words.join(' '))
  t.throws(() => valueOption('--creds', 'me:x', { ...context(), registry: undefined }), {
    message: /a password is only valid for an image in a registry/,
  })
  t.throws(() => valueOption('toString', 'x', context()), { message: /no option toString/ })
  t.match(allTags(), { remedy: /each tag/ })
  t.end()
})

const identities = (...words: readonly string[]) => parse(...words).map(({ identity }) => identity)

t.test('identity: what is asked for, the same in every deployment', t => {
  t.strictSame(identities('--arch', 'arm64'), ['--arch=arm64'])
  t.strictSame(identities('--arch=arm64'), ['--arch=arm64'])
  t.strictSame(identities('--authfile=/etc/auth.json'), ['--authfile=/etc/auth.json'])
  t.strictSame(identities('--cert-dir', '/etc/certs'), ['--cert-dir=/etc/certs'])
  t.strictSame(identities('--decryption-key', '/etc/key'), ['--decryption-key=/etc/key'])
  t.strictSame(identities('--decryption-key', '/etc/key:file=/etc/phrase'), [
    '--decryption-key=/etc/key:file=/etc/phrase',
  ])
  t.strictSame(identities('--tls-verify=false'), ['--tls-verify=false'])
  t.strictSame(identities('-q', '--quiet', '--disable-content-trust'), [
    undefined,
    undefined,
    undefined,
  ])
  t.end()
})

t.test('a password is in a file of its own, and nowhere else', t => {
  const secrets = ['me:hunter2', 'me:', 'me:with:colon', 'me:hunter3'].map(creds => {
    const [option] = parse('--creds', creds)
    return { creds, ...option }
  })
  for (const { creds, flag, words = [], identity = '', files: [secret] = [] } of secrets) {
    t.equal(flag, '--authfile', creds)
    t.strictSame(words, ['--authfile', secret?.path])
    t.match(secret?.path, secretPath)
    t.strictSame(JSON.parse(String(secret?.contents)), {
      auths: { 'quay.io': { auth: Buffer.from(creds).toString('base64') } },
    })
    t.notMatch([...words, identity].join(), /hunter|colon/)
  }
  t.equal(
    new Set(secrets.map(({ files }) => files?.[0]?.path)).size,
    1,
    'the path does not depend on it',
  )
  t.equal(new Set(secrets.map(({ identity }) => identity)).size, 1, 'nor does the identity')
  t.match(wordsOf(parse('--creds=me:hunter2')), [
    /^--authfile=\/secrets\/[0-9a-f]{16}\.creds\.json$/,
  ])
  t.end()
})

t.test('a passphrase is in a file of its own, and nowhere else', t => {
  const phrases = ['hunter2', 'pass=hunter2', ''].map(phrase => {
    const [option] = parse('--decryption-key', `/etc/key:${phrase}`)
    return { phrase, ...option }
  })
  for (const { phrase, words = [], identity = '', files: [secret] = [] } of phrases) {
    t.strictSame(words, ['--decryption-key', `${root}/etc/key:file=${secret?.path}`])
    t.match(secret?.path, secretPath)
    t.equal(
      secret?.contents,
      phrase.replace('pass=', ''),
      'without a line feed, as ocicrypt reads it',
    )
    t.notMatch([...words, identity].join(), /hunter/)
  }
  t.equal(new Set(phrases.map(({ files }) => files?.[0]?.path)).size, 1)
  t.equal(new Set(phrases.map(({ identity }) => identity)).size, 1)
  t.end()
})

const pathOf = (value: string, owner: string, registry: string, flag = '--creds') =>
  valueOption(flag, value, { ...context(), owner, registry }).files[0]?.path

t.test('certificates of several places are copied to one', t => {
  const read = (tree: Tree) => {
    const top = makeTree(t, { 'root/usr/': '', 'host/': '', ...tree })
    const files = new DeploymentFiles(join(top, 'root'), join(top, 'host'))
    const option = valueOption('--cert-dir', '/etc/certs', { ...context(), files })
    return {
      words: option.words.map(word => word.replaceAll(top, '')),
      identity: option.identity,
      files: option.files.map(({ path, contents }) => [path, contents.toString()]),
    }
  }
  const shipped = { 'root/usr/etc/certs/a.crt': 'new', 'root/usr/etc/certs/sub/x': '' }
  const whole: readonly [what: string, tree: Tree, path: string][] = [
    ['shipped', shipped, '/root/usr/etc/certs'],
    ['of the administrator', { 'host/etc/certs/a.crt': '' }, '/host/etc/certs'],
    ['still missing', {}, '/etc/certs'],
  ]
  for (const [what, tree, path] of whole)
    t.strictSame(
      read(tree),
      { words: ['--cert-dir', path], identity: '--cert-dir=/etc/certs', files: [] },
      what,
    )
  const mixed: readonly [what: string, tree: Tree, copies: Readonly<Record<string, string>>][] = [
    [
      'one added',
      { ...shipped, 'host/etc/certs/b.crt': 'mine' },
      { 'a.crt': 'new', 'b.crt': 'mine' },
    ],
    [
      'one changed',
      {
        ...shipped,
        'root/usr/etc/certs/b.crt': 'new',
        'host/usr/etc/certs/a.crt': 'old',
        'host/etc/certs/a.crt': 'mine',
        'host/usr/etc/certs/b.crt': 'old',
        'host/etc/certs/b.crt': 'old',
      },
      { 'a.crt': 'mine', 'b.crt': 'new' },
    ],
    [
      'one deleted',
      {
        ...shipped,
        'root/usr/etc/certs/b.crt': 'new',
        'host/usr/etc/certs/a.crt': 'old',
        'host/etc/certs/': '',
      },
      { 'b.crt': 'new' },
    ],
    [
      'a link',
      { ...shipped, 'root/usr/etc/certs/b.crt': { link: '/usr/b' }, 'root/usr/b': 'b' },
      { 'a.crt': 'new', 'b.crt': 'b' },
    ],
  ]
  for (const [what, tree, copies] of mixed) {
    const option = read(tree)
    const copy = option.words[1] ?? ''
    t.match(copy, /^\/secrets\/[0-9a-f]{16}\.certs$/, what)
    t.equal(option.identity, '--cert-dir=/etc/certs')
    const expected = Object.entries(copies).map(([name, text]) => [`${copy}/${name}`, text])
    t.strictSame(option.files, expected, what)
  }
  t.end()
})

const certificate = (n: number) => `root/usr/etc/certs/${n}.crt`

t.test('a copy of certificates has its limits, and is read once', t => {
  const read = (count: number, megabytes: number) => {
    const top = makeTree(t, {
      'host/': '',
      'root/usr/etc/certs/link': { link: '0.crt' },
      'root/usr/etc/certs/nowhere': { link: 'nothing' },
      ...Object.fromEntries(Array.from({ length: count }, (_, n) => [certificate(n), ''])),
    })
    for (let n = 1; n <= megabytes; n++) truncateSync(join(top, certificate(n)), 1024 * 1024)
    const files = new DeploymentFiles(join(top, 'root'), join(top, 'host'))
    const own = { ...context(), files }
    return () => valueOption('--cert-dir', '/etc/certs', own).files
  }
  t.equal(read(998, 0)().length, 999)
  t.throws(read(999, 0), { message: '/etc/certs has 1001 entries, the maximum is 1000' })
  const most = read(20, 16)
  t.equal(most().length, 21)
  t.equal(most()[0], most()[0], 'for the next spec it is the same copy')
  const tooMuch = read(20, 17)
  for (const again of ['', 'again'])
    t.throws(
      tooMuch,
      {
        message:
          /^\/etc\/certs: the certificates and configuration of one root exceed 16777216 bytes$/,
        remedy: /remove what is not needed/,
      },
      again,
    )
  t.end()
})

t.test('no more directories of certificates than any real host has', t => {
  const names = Array.from({ length: 101 }, (_, n) => `usr/certs/${n}`)
  const tree = makeTree(t, Object.fromEntries(names.map(name => [`${name}/ca.crt`, ''])))
  const own = { ...context(), files: new DeploymentFiles(tree) }
  const read = (name: string) => valueOption('--cert-dir', `/${name}`, own).words
  for (const name of names.slice(0, 100)) t.equal(read(name).length, 2)
  t.throws(() => read('usr/certs/100'), { message: 'more than 100 directories of certificates' })
  t.equal(read('usr/certs/7').length, 2)
  t.end()
})

t.test('secrets of different specs, registries and keys are different files', t => {
  const paths = [
    pathOf('me:x', '/a.image', 'quay.io'),
    pathOf('me:x', '/b.image', 'quay.io'),
    pathOf('me:x', '/a.image', 'docker.io'),
    pathOf('/etc/key:x', '/a.image', 'quay.io', '--decryption-key'),
    pathOf('/etc/phrase:x', '/a.image', 'quay.io', '--decryption-key'),
  ]
  t.equal(new Set(paths).size, paths.length)
  t.end()
})

t.test('no message holds a password', t => {
  const hunters: readonly (readonly string[])[] = [
    ['-creds=me:hunter2'],
    ['--cred=me:hunter2'],
    ['--creds=me:a', 'hunter2'],
    ['me:hunter2'],
    ['--creds', 'hunter2'],
    ['--decryption-key', '/etc/key:hunter2:hunter2'],
    ['--decryption-key', '/usr/nothing:hunter2'],
  ]
  for (const words of hunters)
    try {
      t.fail(wordsOf(parse(...words)).join(' '))
    } catch (error) {
      t.notMatch(String(error), /hunter/, words.join(' '))
    }
  t.end()
})
