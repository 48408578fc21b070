import t from 'tap'
import { composefs } from '../../lib/backend/composefs.ts'
import { ostree } from '../../lib/backend/ostree.ts'
import { hasTransientEtc } from '../../lib/root/has-transient-etc.ts'
import { makeTree } from '../make-tree.ts'

const file = 'usr/lib/ostree/prepare-root.conf'

t.test('a root says whether its /etc is transient', t => {
  const has = (text: string) => hasTransientEtc(makeTree(t, { [file]: text }), ostree)
  for (const text of ['[etc]\ntransient=true', '[root]\n\n[etc]\nx=y\n transient = 1\n[x]\n'])
    t.equal(has(text.replaceAll(/^ /gmu, '')), true, text)
  for (const text of [
    '',
    '[etc]\ntransient=false\n',
    '[root]\ntransient=true\n[etc]\n',
    '[etc]\ntransient-ro=true\n[root]\ntransient=true\n',
    '[etc]\n#transient=true\n',
  ])
    t.equal(has(text), false, text)
  t.equal(hasTransientEtc(makeTree(t, {}), ostree), false)
  t.throws(() => hasTransientEtc(makeTree(t, { [`${file}/x`]: '' }), ostree), {
    message: /^\/usr\/lib\/ostree\/prepare-root.conf: .* is a directory/,
  })
  t.end()
})

t.test('with composefs', t => {
  const file = 'usr/lib/composefs/setup-root-conf.toml'
  const has = (text: string) => hasTransientEtc(makeTree(t, { [file]: text }), composefs)
  for (const text of [
    '[etc]\ntransient = true\n',
    ...['transient', 'volatile', 'none', 'root'].map(mount => `[etc]\nmount = "${mount}"\n`),
  ])
    t.equal(has(text), true, text)
  for (const text of [
    '',
    '[etc]\nmount = "bind"\ntransient = true\n',
    '[etc]\nmount = "overlay"\n',
    '[root]\ntransient = true\n[var]\nmount = "none"\n',
    'etc = 3\n',
  ])
    t.equal(has(text), false, text)
  t.equal(hasTransientEtc(makeTree(t, {}), composefs), false)
  t.throws(() => has('[etc'), { message: /^\/usr\/lib\/composefs\/setup-root-conf.toml: [^\n]+$/ })
  t.end()
})
