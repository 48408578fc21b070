import t from 'tap'
import { hasTransientEtc } from '../../lib/root/has-transient-etc.ts'
import { makeTree } from '../make-tree.ts'

const file = 'usr/lib/ostree/prepare-root.conf'

t.test('a root says whether its /etc is transient', t => {
  const has = (text: string) => hasTransientEtc(makeTree(t, { [file]: text }))
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
  t.equal(hasTransientEtc(makeTree(t, {})), false)
  t.throws(() => hasTransientEtc(makeTree(t, { [`${file}/x`]: '' })), { message: /is a directory/ })
  t.end()
})
