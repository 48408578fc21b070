import t from 'tap'
import {
  imageArchitecture,
  isInRegistry,
  optionValue,
  wantedPlatform,
} from '../../lib/bound-images/platform.ts'
import type { PullOption } from '../../lib/bound-images/pull-options.ts'

const option = (...words: readonly string[]): PullOption => ({
  flag: words[0]?.replace(/=.*/u, '') ?? '',
  words,
  identity: undefined,
  files: [],
})

t.test('the value of an option', t => {
  t.equal(optionValue(option('--arch', 'a=b')), 'a=b')
  t.equal(optionValue(option('--arch=a=b')), 'a=b')
  t.equal(optionValue(option('--arch=')), '')
  t.equal(optionValue(option()), '')
  t.end()
})

t.test('images of a registry, and of this machine', t => {
  for (const image of ['quay.io/x/a:1', '127.0.0.1:5000/a@sha256:0', 'localhost:5000/dir/a:1'])
    t.ok(isInRegistry(image), image)
  for (const image of ['oci-archive:/x.tar:a:1', 'dir:/x', 'oci:/x', 'docker-archive:/x.tar'])
    t.notOk(isInRegistry(image), image)
  t.end()
})

t.test('Node and Go call architectures differently', t => {
  t.strictSame(['x64', 'arm64', 'ppc64', 's390x'].map(imageArchitecture), [
    'amd64',
    'arm64',
    'ppc64le',
    's390x',
  ])
  t.end()
})

t.test('other names of architectures', t => {
  const cases: readonly [words: readonly string[], architecture: string, variant?: string][] = [
    [['--arch=x86_64'], 'amd64'],
    [['--arch=aarch64'], 'arm64'],
    [['--arch=i386'], '386'],
    [['--arch=armhf'], 'arm', 'v7'],
    [['--arch=armhf', '--variant=v6'], 'arm', 'v6'],
    [['--arch=arm64', '--variant=v8'], 'arm64'],
    [['--platform=linux/aarch64/8'], 'arm64'],
    [['--arch=arm', '--variant=v8'], 'arm', 'v8'],
    [['--arch=s390x'], 's390x'],
    [['--arch=constructor'], 'constructor'],
  ]
  for (const [words, architecture, variant] of cases)
    t.strictSame(
      wantedPlatform(words.map(word => option(word))),
      { os: 'linux', architecture, variant },
      words.join(' '),
    )
  t.end()
})
