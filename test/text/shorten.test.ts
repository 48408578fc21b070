import t from 'tap'
import { shorten } from '../../lib/text/shorten.ts'

t.test('long text keeps its start and its end', t => {
  t.equal(shorten('x'.repeat(600)), 'x'.repeat(600))
  t.equal(
    shorten(`${'a'.repeat(900_000)}b`),
    `${'a'.repeat(500)} [899401 more characters] ${'a'.repeat(99)}b`,
  )
  t.equal(shorten(`${'a'.repeat(499)}${'😀'.repeat(200)}`).isWellFormed(), true)
  t.end()
})
