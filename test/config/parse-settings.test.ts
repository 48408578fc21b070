import t from 'tap'
import { parseSettings } from '../../lib/config/parse-settings.ts'
import { defaultSettings } from '../../lib/config/settings.ts'

const main = '/etc/bootc-bound-images.conf'
const dropIn = (name: string) => `${main}.d/${name}.conf`
const parse = (...texts: readonly string[]) =>
  parseSettings(
    texts.map((text, index) => ({ path: index === 0 ? main : dropIn(String(index)), text })),
  )
const section = (...lines: readonly string[]) => ['[BoundImages]', ...lines, ''].join('\n')

t.test('nothing said', t => {
  for (const text of ['', '# nothing\n', section(), section('X-Other=1'), '[X-Other]\nA=b\n'])
    t.strictSame(parse(text), {
      settings: defaultSettings,
      sources: {},
      files: [main],
      warnings: [],
    })
  t.end()
})

t.test('later assignments win, and say where they are', t => {
  const { settings, sources, files } = parse(
    section('RetryLimit=1', 'Gate=off', 'MaxParallel=1', 'MaxParallel=2'),
    section('RetryLimit = 2', 'Store=/srv/images'),
    section('# a comment', 'RetryLimit=3', 'Gate='),
  )
  t.strictSame(settings, {
    ...defaultSettings,
    retryLimit: 3,
    maxParallel: 2,
    store: '/srv/images',
  })
  t.strictSame(sources, {
    maxParallel: [`${main}:5`],
    retryLimit: [`${dropIn('2')}:3`],
    store: [`${dropIn('1')}:3`],
  })
  t.strictSame(files, [main, dropIn('1'), dropIn('2')])
  t.end()
})

t.test('lists add up', t => {
  const first = section('SpecDirs=/b /a', 'SpecDirs=/b/ \\', '  /c')
  t.strictSame(parse(first).settings.specDirs, ['/b', '/a', '/c'])
  const more = parse(first, section('SpecDirs=/d'))
  t.strictSame(more.settings.specDirs, ['/b', '/a', '/c', '/d'])
  t.strictSame(more.sources, { specDirs: [`${main}:2`, `${main}:3`, `${dropIn('1')}:2`] })
  const other = parse(first, section('SpecDirs=', 'SpecDirs=/d'))
  t.strictSame(other.settings.specDirs, ['/d'])
  t.strictSame(other.sources, { specDirs: [`${dropIn('1')}:3`] })
  t.strictSame(parse(first, section('SpecDirs=')).settings, defaultSettings)
  t.end()
})

t.test('what means nothing is a warning', t => {
  const { settings, warnings } = parse(
    section('MaxParalel=2', 'Frobnicate=1', '[Service]', 'User=x', '[Empty]'),
  )
  t.strictSame(settings, defaultSettings)
  t.strictSame(warnings, [
    `${main}, line 5: unknown section [Service], ignored; did you mean [BoundImages]?`,
    `${main}: unknown section [Empty], ignored; did you mean [BoundImages]?`,
    `${main}, line 2, MaxParalel=: unknown key, ignored; did you mean MaxParallel?`,
    `${main}, line 3, Frobnicate=: unknown key, ignored; valid keys: Gate, MaxParallel, RandomizedDelaySec, RetryLimit, RetryDelaySec, RetryMaxDelaySec, StallTimeoutSec, PullTimeoutSec, FlushTimeoutSec, GateTimeoutSec, ResolveTimeoutSec, Store, SpecDirs`,
  ])
  t.strictSame(parse(section('RetryDelaySec=10min')).warnings, [
    'RetryDelaySec=10min has no effect, because RetryMaxDelaySec=5min is smaller',
  ])
  t.end()
})

t.test('an administrator can replace a bad value', t => {
  const bad = section('Gate=ja', 'SpecDirs=a /b')
  const { settings, warnings } = parse(bad, section('Gate=warn', 'SpecDirs=', 'SpecDirs=/c'))
  t.match(settings, { gate: 'warn', specDirs: ['/c'] })
  t.strictSame(warnings, [
    `${main}, line 2, Gate=: unknown value, but a later assignment replaces it; write require, warn or off`,
    `${main}, line 3, SpecDirs=: a is not an absolute path, but a later assignment replaces it; write absolute paths of letters, digits and . _ + - @, separated by blanks`,
  ])
  t.throws(() => parse(bad, section('Gate=warn', 'SpecDirs=/c')), { message: /SpecDirs=: a is/ })
  t.end()
})

t.test('all errors at once', t => {
  const known = { path: '/run/x', fault: { reason: 'this is a FIFO, not a regular file' } }
  const files = [
    { path: main, text: section('MaxParallel=1e9', 'RetryLimit=-1', 'nonsense') },
    { path: dropIn('a\n[x]'), text: 'Gate=off\n' },
    { path: dropIn('b'), text: '[BoundImages]\nStore=/a\0b\n' },
    { path: dropIn('c'), text: '[BoundImages]\nStore=/a\u202eb\n' },
  ]
  t.throws(() => parseSettings(files, [known]), {
    message: [
      'invalid configuration',
      '/run/x: this is a FIFO, not a regular file',
      `${main}, line 4: this is neither a section, a comment nor Key=value; start a comment with #, and keep a key on one line`,
      `${main}.d/a\\x0a[x].conf, line 1, Gate=: assignment outside of any section; put it below a section header`,
      `${dropIn('b')}, line 2: the file holds a NUL byte; save it as text`,
      `${main}, line 2, MaxParallel=: this is not a whole number; write a whole number from 1 to 64`,
      `${main}, line 3, RetryLimit=: this is not a whole number; write a whole number from 1 to 100`,
      `${dropIn('c')}, line 2, Store=: /a\\u{202e}b contains a character that is not allowed; write dedicated, or an absolute path of letters, digits and . _ + - @, not below /dev, /proc, /run, /sys or /tmp`,
    ].join('\n'),
  })
  t.end()
})

t.test('a flood of assignments takes no time', t => {
  const { settings } = parse(section(...Array.from({ length: 5000 }, (_, at) => `SpecDirs=/${at}`)))
  t.equal(settings.specDirs?.length, 5000)
  t.end()
})
