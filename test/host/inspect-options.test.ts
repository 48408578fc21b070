import t from 'tap'
import { hostPlatform, wantedPlatform } from '../../lib/bound-images/platform.ts'
import { inspectOptions } from '../../lib/host/inspect-options.ts'
import type { PullOption } from '../../lib/bound-images/pull-options.ts'

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
