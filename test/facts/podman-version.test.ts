import t from 'tap'
import {
  anyPodmanVersion,
  knownOptions,
  requireSupported,
  unsupportedOption,
  type PodmanVersion,
} from '../../lib/facts/podman-version.ts'
import { defaultStore, separateStore } from '../../lib/facts/image-store.ts'
import { pullCommand } from '../../lib/render/pull-command.ts'
import type { PullOption } from '../../lib/bound-images/pull-options.ts'

const option = (...words: readonly string[]): PullOption => ({
  flag: words[0]?.replace(/=.*/u, '') ?? '',
  words,
  identity: undefined,
  files: [],
})
const image = (options: readonly PullOption[], globalOptions: readonly PullOption[] = []) => ({
  image: 'quay.io/a:1',
  name: 'quay.io/a:1',
  identity: '',
  globalOptions,
  options,
  origin: {},
})

const commandOf = (version: PodmanVersion, ...options: readonly PullOption[]) =>
  pullCommand(image(options), version, defaultStore)

t.test('the oldest podman', t => {
  for (const version of [[5, 0], [5, 8], [6, 1], anyPodmanVersion] as const)
    t.strictSame(requireSupported(version), version)
  t.throws(() => requireSupported([4, 9]), {
    message: 'podman 4.9 on this host is too old: update it to 5.0 or newer',
  })
  t.end()
})

t.test('the first podman with artifacts', t => {
  const artifact = { ...image([]), isArtifact: true as const }
  t.equal(unsupportedOption(artifact, [5, 4]), undefined)
  t.match(unsupportedOption(artifact, [5, 3]), {
    reason: 'podman 5.3 on this host cannot pull the artifact quay.io/a:1',
    remedy: 'update podman to 5.4 or newer first',
  })
  t.end()
})

t.test('the first podman with an option', t => {
  const cases: readonly [flag: string, last: PodmanVersion, first: PodmanVersion][] = [
    ['--policy', [5, 5], [5, 6]],
  ]
  for (const [flag, last, first] of cases) {
    t.strictSame(knownOptions([option(flag, 'x')], last), [], flag)
    for (const version of [first, [first[0], first[1] + 10], [9, 0], anyPodmanVersion] as const)
      t.equal(knownOptions([option(flag, 'x')], version).length, 1, flag)
  }
  for (const flag of [
    '--authfile',
    '--creds',
    '--decryption-key',
    '--retry',
    '--cert-dir',
    '--tls-verify',
    '--arch',
    '--platform',
    '-q',
  ])
    t.equal(knownOptions([option(flag)], [5, 0]).length, 1, flag)
  t.end()
})

t.test('what an older podman cannot do at all', t => {
  const cases: readonly [
    words: readonly string[],
    version: PodmanVersion,
    reason: RegExp | undefined,
  ][] = [
    [['--policy', 'never'], [5, 5], /podman 5\.5 on this host does not support --policy/],
    [['--policy=never'], [5, 5], /does not support --policy/],
    [['--policy', 'never'], [5, 6], undefined],
    [['--policy', 'always'], [5, 5], undefined],
    [['--policy', 'newer'], [5, 5], undefined],
    [['--policy', 'missing'], [5, 5], undefined],
    [['--retry', '3'], [5, 0], undefined],
  ]
  for (const [words, version, reason] of cases) {
    const fault = unsupportedOption(image([option(...words)]), version)
    if (reason === undefined) t.equal(fault, undefined, words.join(' '))
    else
      t.match(
        fault,
        { reason, remedy: /^update podman to \d\.\d or newer first$/ },
        words.join(' '),
      )
  }
  t.end()
})

t.test('the command', t => {
  const command = (options: readonly PullOption[], version: PodmanVersion) =>
    pullCommand(
      image(options, [option('--module=x'), option('--log-level', 'debug')]),
      version,
      defaultStore,
    )
  t.strictSame(command([option('--arch', 'arm64'), option('-q')], [5, 4]), [
    '/usr/bin/podman',
    '--module=x',
    '--log-level',
    'debug',
    'image',
    'pull',
    '--arch',
    'arm64',
    '-q',
    'quay.io/a:1',
  ])
  t.strictSame(command([option('--policy=newer')], [5, 5]), [
    '/usr/bin/podman',
    '--module=x',
    '--log-level',
    'debug',
    'image',
    'pull',
    'quay.io/a:1',
  ])
  t.end()
})

t.test('a pull of what is missing, on a podman without --policy', t => {
  const missing = option('--policy', 'missing')
  const always = option('--policy=always')
  t.strictSame(commandOf([5, 4], missing), [
    '/bin/sh',
    '-c',
    `'/usr/bin/podman' image inspect "$0" >/dev/null 2>&1 || exec "$@"`,
    'quay.io/a:1',
    '/usr/bin/podman',
    'image',
    'pull',
    'quay.io/a:1',
  ])
  t.equal(commandOf([5, 4], missing, always)[0], '/usr/bin/podman', 'the last one counts')
  t.equal(commandOf([5, 4], always, missing)[0], '/bin/sh')
  t.strictSame(commandOf([5, 6], missing).slice(-3), ['--policy', 'missing', 'quay.io/a:1'])
  t.equal(commandOf([5, 4], missing, option('--arch=arm64'))[0], '/usr/bin/podman', 'podman asks')
  const store = separateStore('/srv/images')
  t.strictSame(pullCommand(image([missing]), [5, 4], store).slice(2), [
    `'/usr/bin/podman' '--root' '/srv/images' '--runroot' '/run/bootc-bound-images/store' image inspect "$0" >/dev/null 2>&1 || exec "$@"`,
    'quay.io/a:1',
    '/usr/bin/podman',
    ...store.options,
    'image',
    'pull',
    'quay.io/a:1',
  ])
  t.end()
})
