import { spawnSync } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const program = fileURLToPath(new URL('../../units/programs/check-store', import.meta.url))

t.test('the directories are those that staging saw, or the pull fails', t => {
  const path = t.testdir({ 'my images': {}, other: {} })
  const identity = (name: string) => {
    const { dev, ino } = statSync(join(path, name))
    return `${dev}:${ino}`
  }
  const file = join(path, 'seen')
  const check = (lines: string) => {
    writeFileSync(file, lines)
    return spawnSync(program, {
      encoding: 'utf8',
      env: { ...process.env, STORE_DIRECTORIES: file },
    })
  }
  const other = `${identity('other')} ${path}/other\n`
  t.match(check(`${other}${identity('my images')} ${path}/my images\n`), { status: 0, stderr: '' })
  for (const name of ['my images', 'gone'])
    t.match(check(`${other}${identity('other')} ${path}/${name}\n${other}`), {
      status: 1,
      stderr: `Error: ${path}/${name} is not the directory that staging saw: is its file system unmounted?\n`,
    })
  mkdirSync(join(path, 'gone'))
  t.match(check(`${identity('gone')} ${path}/gone\n`), { status: 0 })
  t.end()
})

t.test('no staging has seen the store mounted', t => {
  const env = { ...process.env, STORE_DIRECTORIES: join(t.testdir({}), 'seen') }
  t.match(spawnSync(program, { encoding: 'utf8', env }), {
    status: 1,
    stderr: /^Error: staging has/u,
  })
  t.end()
})
