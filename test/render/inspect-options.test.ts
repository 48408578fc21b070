import t from 'tap'
import { hostPlatform } from '../../lib/plan/manifest.ts'
import {
  inspectOptions,
  isInRegistry,
  optionValue,
  wantedPlatform,
} from '../../lib/render/inspect-options.ts'
import type { PullOption } from '../../lib/spec/pull-options.ts'

const option = (...words: readonly string[]): PullOption => ({
  flag: words[0]?.replace(/=.*/u, '') ?? '',
  words,
  identity: undefined,
  files: [],
})

t.test('what changes the answer, under the names of skopeo', t => {
  const options = [
    option('--arch', 'arm64'),
    option('--os=linux'),
    option('--variant', 'v8'),
    option('--authfile', '/run/a=b.json'),
    option('--cert-dir=/etc/shop/certs'),
    option('--tls-verify=false'),
  ]
  t.strictSame(inspectOptions(options), {
    globalOptions: ['--override-arch=arm64', '--override-os=linux', '--override-variant=v8'],
    options: ['--authfile', '/run/a=b.json', '--cert-dir=/etc/shop/certs', '--tls-verify=false'],
  })
  t.end()
})

t.test('a platform in one word', t => {
  const cases = [
    ['linux/arm64', ['os=linux', 'arch=arm64'], { architecture: 'arm64', variant: undefined }],
    ['linux/arm/v7', ['os=linux', 'arch=arm', 'variant=v7'], { variant: 'v7' }],
    ['windows', ['os=windows'], { os: 'windows', architecture: hostPlatform.architecture }],
    ['linux/arm/v7/more', ['os=linux', 'arch=arm', 'variant=v7'], {}],
  ] as const
  for (const [value, expected, platform] of cases) {
    const options = [option(`--platform=${value}`)]
    const globalOptions = expected.map(part => `--override-${part}`)
    t.strictSame(inspectOptions(options), { globalOptions, options: [] }, value)
    t.match(wantedPlatform(options), platform, value)
  }
  t.match(wantedPlatform([option('--arch', 'arm'), option('--arch', 'arm64')]), {
    architecture: 'arm64',
  })
  t.end()
})

t.test('what only a pull has', t => {
  const options = [
    option('--decryption-key', '/key.pem'),
    option('--policy=missing'),
    option('--retry', '3'),
    option('-q'),
  ]
  for (const list of [options, []])
    t.strictSame(inspectOptions(list), { globalOptions: [], options: [] })
  t.end()
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
