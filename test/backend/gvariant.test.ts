import t from 'tap'
import { pairIn, readVardict, stringIn, vardictIn } from '../../lib/backend/gvariant.ts'

// Values made with glib, by GLib.Variant('a{sv}', ...).get_data_as_bytes() on a little-endian machine.
const string = '78000000000000006869000073020e' // {'x': <'hi'>}
const nested = // {'d': <{'x': <'hi'>, 'u': <uint32 7>}>, 'b': <true>}
  '6400000000000000780000000000000068690000730200007500000000000000070000000075020e1f00617b73767d02620000000000000001006202303c'

t.test('values of glib', t => {
  t.equal(stringIn(readVardict(Buffer.from(string, 'hex')), 'x'), 'hi')
  const dict = readVardict(Buffer.from(nested, 'hex'))
  t.strictSame([...dict.keys()], ['d', 'b'])
  t.equal(stringIn(vardictIn(dict, 'd'), 'x'), 'hi')
  t.throws(() => stringIn(dict, 'b'), { message: 'b is not a string' })
  t.throws(() => vardictIn(dict, 'b'), { message: 'b is not a dictionary' })
  t.throws(() => pairIn(dict, 'b'), { message: 'b is not a pair of numbers' })
  t.throws(() => stringIn(dict, 'y'), { message: 'there is no y' })
  t.strictSame([...readVardict(Buffer.alloc(0))], [], 'an empty dictionary has no bytes')
  t.end()
})

t.test('what cannot be such a file', t => {
  t.throws(() => readVardict(Buffer.alloc(0x10000)), { message: /65536 bytes/ })
  t.throws(() => readVardict(Buffer.from('ff', 'hex')), { message: /outside/ })
  t.end()
})
