import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseSettings } from '../../lib/config/parse-settings.ts'
import { configurationDirectories } from '../../lib/config/read-settings.ts'
import {
  defaultSettings,
  section,
  settingKeys,
  settingNames,
  writeSetting,
} from '../../lib/config/settings.ts'

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')
const markdown = read('configuration.md')
const manual = read('bootc-bound-images.8')
const rows = markdown
  .split('\n')
  .filter(line => /^\| `\w+=`/u.test(line))
  .map(line => {
    const cells = line.split('|').map(cell => cell.trim())
    return { row: cells.slice(1, 4), example: String(cells[4]).replaceAll('`', '') }
  })

t.test('the table of keys is that of the program', t => {
  t.strictSame(
    rows.map(({ row }) => row),
    settingNames.map(name => {
      const { key, values, defaultText } = settingKeys[name]
      return [`\`${key}=\``, defaultText ?? `\`${writeSetting(defaultSettings, name)}\``, values]
    }),
  )
  t.end()
})

t.test('every key is explained', t => {
  const [, explained = ''] = markdown.split('### At shutdown')
  for (const name of settingNames) t.ok(explained.includes(`\`${settingKeys[name].key}=\``), name)
  t.end()
})

t.test('every example sets something', t => {
  for (const [index, { example }] of rows.entries()) {
    const text = `[${section}]\n${example}\n`
    const { sources, settings, warnings } = parseSettings([{ path: '/x', text }])
    t.strictSame(Object.keys(sources), settingNames.slice(index, index + 1), example)
    t.notSame(settings, defaultSettings, example)
    t.strictSame(warnings, [])
  }
  const files = [...markdown.matchAll(/```ini\n([^]*?)```/gu)].map(([, text = '']) => text)
  t.equal(files.length, 2)
  for (const text of files) {
    const { sources, warnings } = parseSettings([{ path: '/x', text }])
    t.not(Object.keys(sources).length, 0)
    t.strictSame(warnings, [])
  }
  t.end()
})

t.test('the manual names every key, its default and the directories', t => {
  const keys = [...manual.matchAll(/^\.BR (\w+)= " \(default: (.*)\)"$/gmu)].map(
    ([, ...pair]) => pair,
  )
  t.strictSame(
    keys,
    settingNames.map(name => [
      settingKeys[name].key,
      settingKeys[name].defaultText ?? writeSetting(defaultSettings, name),
    ]),
  )
  for (const directory of configurationDirectories)
    for (const text of [manual, markdown]) {
      t.ok(text.includes(`${directory}/bootc-bound-images.conf`))
      t.ok(text.includes(`${directory}/bootc-bound-images.conf.d/*.conf`))
    }
  t.end()
})
