import t from 'tap'
import { suggest } from '../../lib/text/suggest.ts'

t.test('what was probably meant', t => {
  const keys = ['Image', 'AuthFile', 'TLSVerify', 'OS', 'Arch']
  const cases = {
    Imgae: 'Image',
    image: 'Image',
    Authfile: 'AuthFile',
    TLSverify: 'TLSVerify',
    TlsVerfy: 'TLSVerify',
    os: 'OS',
    OX: 'OS',
    XY: undefined,
    Label: undefined,
    ['Image'.repeat(20)]: undefined,
  }
  for (const [written, meant] of Object.entries(cases))
    t.equal(suggest(written, keys), meant, written)
  t.equal(suggest('Image', []), undefined)
  t.end()
})
