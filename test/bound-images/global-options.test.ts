import t from 'tap'
import {
  containerModules,
  moduleOption,
  parseGlobalArgs,
} from '../../lib/bound-images/global-options.ts'
import { SectionReader } from '../../lib/quadlet/section-reader.ts'
import { parseUnitFile } from '../../lib/quadlet/unit-file.ts'
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
    [['--log-level=loud'], /^podman does not take loud for --log-level$/],
    [['--events-backend', 'x'], /^podman does not take x for --events-backend$/],
    [['--cgroup-manager=x'], /^podman does not take x for --cgroup-manager$/],
    [['--module', 'nothing.conf'], /the root has no module nothing\.conf/],
    [['--module=/usr/lib/nothing.conf'], /the root has no file/],
  ]
  for (const [words, message] of cases)
    t.throws(() => parseGlobalArgs(words, files), { message }, words.join(' '))
  t.end()
})

/** Words of the options, then the faults. */
const read = (globalArgs: string) => {
  const { unitFile } = parseUnitFile(`[Container]\nGlobalArgs=${globalArgs}\n`)
  const reader = new SectionReader(unitFile, 'Container', letter => `%${letter}`)
  const words = containerModules(reader, files).flatMap(option => option.words)
  return [...words, ...reader.faults.map(({ reason }) => reason)]
}

t.test('what the container of a bound image may have', t => {
  for (const fine of [
    '--log-level debug --runtime=crun --cgroup-manager=systemd --syslog',
    '--log-level ""',
    '--log-level=\\q --root=/x',
    '--storage-opt=additionalimagestore=/x --storage-opt overlay.mount_program=/x',
    '--storage-driver=overlay --runroot=/run/x',
    '--root=/var/lib/containers/storage',
    '--root /var/lib/containers/storage/',
    '--remote=false -r=0',
    '--log-level=%H',
  ])
    t.strictSame(read(fine), [], fine)
  t.match(read('--module=mine.conf'), [/^--module=\/.*mine\.conf$/])
  t.match(read('--module mine.conf'), [/^--module=\/.*mine\.conf$/])
  t.match(read('"--module=mine.conf'), [/^--module=\/.*mine\.conf$/])
  for (const bad of [
    '--root=/x',
    '--root /x',
    '--imagestore=/x',
    '--remote',
    '-r',
    '--remote=true',
  ])
    t.match(
      read(bad),
      [/^with -[a-z-]+, the container would not look for its image in podman's/],
      bad,
    )
  for (const bad of ['--url=ssh://x', '--connection x', '-c x', '--root'])
    t.match(read(bad), [/^with -/], bad)
  t.match(read('--module'), [/the root has no module/])
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
