import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readSettings } from '../../lib/config/read-settings.ts'
import { defaultSettings } from '../../lib/config/settings.ts'
import { makeTree } from '../make-tree.ts'

const main = 'bootc-bound-images.conf'
const limit = (tries: number) => `[BoundImages]\nRetryLimit=${tries}\n`

t.test('nothing configured', t => {
  t.strictSame(readSettings(makeTree(t, { 'usr/': '' })), {
    settings: defaultSettings,
    sources: {},
    files: [],
    warnings: [],
  })
  t.end()
})

t.test('the first main file counts', t => {
  const paths = ['etc', 'run', 'usr/local/lib', 'usr/lib'].map(directory => `${directory}/${main}`)
  for (const index of paths.keys()) {
    const rest = paths.slice(index)
    const tree = Object.fromEntries(rest.map((path, tries) => [path, limit(tries + 1)]))
    const { settings, sources, files } = readSettings(makeTree(t, tree))
    t.equal(settings.retryLimit, 1)
    t.strictSame(sources, { retryLimit: [`/${rest[0]}:2`] })
    t.strictSame(files, [`/${rest[0]}`])
  }
  t.end()
})

t.test('an empty or masked main file hides the others', t => {
  for (const mask of ['', { link: '/dev/null' }, { link: '../dev/null' }]) {
    const root = makeTree(t, { [`etc/${main}`]: mask, [`usr/lib/${main}`]: limit(1) })
    t.match(readSettings(root), { settings: defaultSettings, files: [] })
  }
  t.end()
})

t.test('drop-ins of all directories, sorted by name, after the main file', t => {
  const root = makeTree(t, {
    [`usr/lib/${main}`]: limit(1),
    [`usr/lib/${main}.d/50-a.conf`]: limit(2),
    [`etc/${main}.d/50-B.conf`]: limit(3),
    [`run/${main}.d/9.conf`]: limit(5),
    [`usr/local/lib/${main}.d/60.conf`]: limit(4),
    [`etc/${main}.d/99.conf~`]: 'x',
    [`etc/${main}.d/.99.conf`]: 'x',
    [`etc/${main}.d/conf`]: 'x',
  })
  const { settings, files } = readSettings(root)
  t.equal(settings.retryLimit, 5)
  t.strictSame(files, [
    `/usr/lib/${main}`,
    `/etc/${main}.d/50-B.conf`,
    `/usr/lib/${main}.d/50-a.conf`,
    `/usr/local/lib/${main}.d/60.conf`,
    `/run/${main}.d/9.conf`,
  ])
  t.end()
})

t.test('of two drop-ins with one name, that of the earlier directory counts', t => {
  const paths = ['etc', 'run', 'usr/local/lib', 'usr/lib'].map(
    directory => `${directory}/${main}.d/a.conf`,
  )
  for (const index of paths.keys()) {
    const rest = paths.slice(index)
    const tree = Object.fromEntries(rest.map((path, tries) => [path, limit(tries + 1)]))
    t.strictSame(readSettings(makeTree(t, tree)).files, [`/${rest[0]}`])
    for (const mask of ['', { link: '/dev/null' }])
      t.strictSame(readSettings(makeTree(t, { ...tree, [`${paths[index]}`]: mask })).files, [])
  }
  t.end()
})

t.test('links stay in the root', t => {
  const root = makeTree(t, {
    [`etc/${main}`]: { link: '/usr/share/main' },
    [`etc/${main}.d`]: { link: '../../../../usr/share/more' },
    'usr/share/main': limit(1),
    'usr/share/more/a.conf': { link: '../../../../../usr/share/a' },
    'usr/share/a': limit(2),
    'usr/local': { link: '../var/usrlocal' },
  })
  t.match(readSettings(root), {
    settings: { retryLimit: 2 },
    files: [`/etc/${main}`, `/etc/${main}.d/a.conf`],
  })
  t.end()
})

t.test('what cannot be read is an error, all at once', t => {
  const directory = `etc/${main}.d`
  const root = makeTree(t, {
    [`etc/${main}`]: { link: 'nowhere' },
    [`${directory}/1.conf/`]: '',
    [`${directory}/2.conf`]: { link: '2.conf' },
    [`${directory}/3.conf`]: { link: '/dev/zero' },
    [`${directory}/5.conf`]: `[BoundImages]\nRetryLimit=x\n#${'x'.repeat(64 * 1024)}`,
    [`${directory}/7.conf`]: '[BoundImages]\nRetryLimit=0\n',
    [`run/${main}.d`]: 'x',
    [`usr/lib/${main}.d`]: { link: 'nowhere' },
    'dev/': '',
  })
  execFileSync('mkfifo', [join(root, directory, '4.conf'), join(root, 'dev/zero')])
  writeFileSync(join(root, directory, '6.conf'), Buffer.from([0xff]))
  writeFileSync(Buffer.from(`${root}/${directory}/caf\xe9.conf`, 'latin1'), '')
  t.throws(() => readSettings(root), {
    message: [
      'invalid configuration',
      `/${directory}/caf\\u{fffd}.conf: the name is not UTF-8; rename the file`,
      `/run/${main}.d: /run/${main}.d is not a directory`,
      `/usr/lib/${main}.d: /usr/lib/nowhere does not exist in the root`,
      `/etc/${main}: /etc/nowhere does not exist in the root`,
      `/${directory}/1.conf: this is a directory, not a regular file`,
      `/${directory}/2.conf: too many symbolic links at /${directory}/2.conf`,
      `/${directory}/3.conf: this is a FIFO, not a regular file`,
      `/${directory}/4.conf: this is a FIFO, not a regular file`,
      `/${directory}/5.conf: the file has 65564 bytes, the maximum is 65536`,
      `/${directory}/6.conf: the file is not UTF-8 text; save it as UTF-8`,
      `/${directory}/7.conf, line 2, RetryLimit=: the value is below the minimum; write a whole number from 1 to 100`,
    ].join('\n'),
  })
  t.end()
})
