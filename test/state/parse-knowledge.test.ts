import t from 'tap'
import {
  formatKnowledge,
  parseKnowledge,
  type StagingKnowledge,
} from '../../lib/state/parse-knowledge.ts'

const staging: StagingKnowledge = {
  deployment: 'abc.0',
  staging: 'staged 1',
  knowledge: new Map([
    ['one', { digest: 'sha256:1', isPresent: true }],
    ['two', { layers: [{ digest: 'sha256:2', bytes: 3 }], isRefused: false }],
    ['__proto__', {}],
  ]),
}

t.test('what is written is read again', t => {
  t.strictSame(parseKnowledge(formatKnowledge(staging), 'abc.0'), staging)
  t.end()
})

t.test('members that older versions wrote are no obstacle', t => {
  const text = formatKnowledge(staging).replace('{', '{"receivedBefore": 1, "received": 2,')
  t.match(parseKnowledge(text, 'abc.0'), staging)
  t.end()
})

t.test('the same knowledge is the same text', t => {
  t.equal(formatKnowledge(staging), formatKnowledge({ ...staging }))
  t.end()
})

t.test('another deployment, another version, half a file', t => {
  t.equal(parseKnowledge(formatKnowledge(staging), 'abc.1'), undefined)
  for (const text of ['', '{', 'null', '1', '{"deployment": "abc.0", "staging": "", "images": 1}'])
    t.equal(parseKnowledge(text, 'abc.0'), undefined, text)
  t.end()
})
