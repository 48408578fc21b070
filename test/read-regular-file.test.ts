import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readRegularFile } from '../lib/read-regular-file.ts'

t.test('only a regular file of a sane size is read', t => {
  const directory = t.testdir({ file: 'text', sub: {} })
  execFileSync('mkfifo', [join(directory, 'fifo')])
  symlinkSync('file', join(directory, 'link'))
  const read = (name: string, limit = 4) => readRegularFile(join(directory, name), limit).toString()
  t.equal(read('file'), 'text')
  t.throws(() => read('file', 3), { message: /4 bytes, the maximum is 3/ })
  t.throws(() => read('sub'), { message: /a directory/ })
  t.throws(() => read('fifo'), { message: /a FIFO/ })
  t.throws(() => read('link'), { message: /a symbolic link/ })
  t.throws(() => readRegularFile('/dev/null', 4), { message: /a device/ })
  t.end()
})
