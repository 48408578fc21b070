import t from 'tap'
import {
  globalPullWords,
  moduleOption,
  parseContainerGlobalArgs,
  parseGlobalArgs,
} from '../../lib/bound-images/global-options.ts'
import { makeContext } from './make-context.ts'

const { files, root } = makeContext(t, {
  'etc/containers/containers.conf.modules/mine.conf': '',
  'etc/containers/containers.conf.modules/both.conf': '',
  'usr/share/containers/containers.conf.modules/both.conf': '',
  'usr/share/containers/containers.conf.modules/sub/vendor.conf': '',
  'usr/lib/x.conf': '',
})

t.test('options of podman itself', t => {
  const cases: readonly [
    words: readonly string[],
    expected: readonly string[],
    identity: unknown,
  ][] = [
    [['--log-level', 'debug'], ['--log-level', 'debug'], undefined],
    [['--log-level=debug'], ['--log-level=debug'], undefined],
    [['--events-backend', 'none'], ['--events-backend', 'none'], undefined],
    [['--cgroup-manager=cgroupfs'], ['--cgroup-manager=cgroupfs'], undefined],
    [['--syslog'], ['--syslog'], undefined],
    [
      ['--module', '/usr/lib/x.conf'],
      ['--module', `${root}/usr/lib/x.conf`],
      '--module=/usr/lib/x.conf',
    ],
    [['--module=/usr/lib/x.conf'], [`--module=${root}/usr/lib/x.conf`], '--module=/usr/lib/x.conf'],
  ]
  for (const [words, expected, identity] of cases) {
    const [option, ...others] = parseGlobalArgs(words, files)
    t.strictSame(option?.words, expected, words.join(' '))
    t.strictSame(option?.identity, identity)
    t.strictSame(others, [])
  }
  t.end()
})

t.test('what a bound image must not have', t => {
  const cases: readonly [words: readonly string[], reason: RegExp][] = [
    [['--root=/x'], /^--root is not supported: a bound image/],
    [['--runroot', '/x'], /^--runroot is not/],
    [['--storage-opt=additionalimagestore=/x'], /^--storage-opt is not/],
    [['--remote'], /^--remote is not/],
    [['--url', 'ssh://x'], /^--url is not/],
    [['--syslog=false'], /^--syslog is not/],
    [['images'], /^images is not/],
    [['--log-level'], /--log-level requires a value/],
    [['--module', 'nothing.conf'], /the root has no module nothing\.conf/],
    [['--module=/usr/lib/nothing.conf'], /the root has no file/],
  ]
  for (const [words, message] of cases)
    t.throws(() => parseGlobalArgs(words, files), { message }, words.join(' '))
  t.end()
})

const parse = (...words: readonly string[]) =>
  parseContainerGlobalArgs(globalPullWords(words), files).flatMap(option => option.words)

t.test('what the container of a bound image may have', t => {
  const other = ['--log-level', 'debug', '--runtime=crun', '--cgroup-manager=systemd', '--syslog']
  t.strictSame(parse(...other, '--storage-opt=additionalimagestore=/x'), [])
  t.strictSame(parse('--storage-opt', 'additionalimagestore=/x'), [])
  t.match(parse('--module=mine.conf'), [/^--module=\/.*mine\.conf$/])
  t.match(parse('--module', 'mine.conf'), [/^--module=\/.*mine\.conf$/])
  for (const words of [
    ['--root=/x'],
    ['--root', '/x'],
    ['--runroot=/x'],
    ['--imagestore=/x'],
    ['--storage-driver', 'vfs'],
    ['--storage-opt=overlay.size=1'],
    ['--storage-opt'],
    ['--remote'],
    ['-r'],
    ['-c', 'x'],
    ['--url=ssh://x'],
  ])
    t.throws(() => parse(...words), {
      message: `${words[0]?.replace(/=.*/, '')}: the container would not look for its image in podman's own store`,
    })
  t.throws(() => parse('--module'), { message: /the root has no module/ })
  t.end()
})

t.test('a module with other settings than those of a pull', t => {
  const good = [
    '[engine]\nretry = 3\nImage_Parallel_Copies = 2',
    '[Engine]\nenv = ["https_proxy=http://p:1", "NO_PROXY=a"]',
    '[engine]\nenv = ["https_proxy=http://p:1", {append=true}]',
    '[containers]\nenv = ["LD_PRELOAD=/x"]',
  ]
  const bad: readonly [text: string, reason: RegExp][] = [
    ['[engine]\nenv = ["LD_PRELOAD=/x"]', /m\.conf sets env in \[engine\], which a pull/],
    ['[engine]\nenv = [{x=1}]', /sets env in/],
    ['[engine]\nenv = "x"', /sets env in/],
    ['[ENGINE]\nStatic_Dir = "/x"', /sets Static_Dir in \[ENGINE\]/],
    ['[engine.runtimes]\nx = ["/x"]', /sets runtimes in/],
    ['[network]\nnetwork_config_dir = "/x"', /sets \[network\], which/],
    ['top = 1', /sets \[top\]/],
    ['[engine', /^\/usr\/m\.conf: Invalid[^\n]*$/],
  ]
  const read = (text: string) =>
    moduleOption('/usr/m.conf', makeContext(t, { 'usr/m.conf': text }).files)
  for (const text of good) t.match(read(text), { flag: '--module' }, text)
  for (const [text, message] of bad) t.throws(() => read(text), { message }, text)
  t.end()
})

t.test('where podman looks for modules', t => {
  const modules = 'containers/containers.conf.modules'
  const cases: readonly [name: string, path: string][] = [
    ['mine.conf', `etc/${modules}/mine.conf`],
    ['both.conf', `etc/${modules}/both.conf`],
    ['sub/vendor.conf', `usr/share/${modules}/sub/vendor.conf`],
    ['/usr/lib/x.conf', 'usr/lib/x.conf'],
  ]
  for (const [name, path] of cases)
    t.match(moduleOption(name, files), {
      flag: '--module',
      words: [`--module=${root}/${path}`],
      identity: `--module=${name}`,
    })
  t.end()
})
