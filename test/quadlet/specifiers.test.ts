import t from 'tap'
import {
  systemdArchitecture,
  unitSpecifiers,
  type SpecifierFacts,
} from '../../lib/quadlet/specifiers.ts'

const facts: SpecifierFacts = {
  osRelease: new Map([
    ['ID', 'debian'],
    ['VERSION_ID', '13'],
    ['BUILD_ID', 'b'],
    ['IMAGE_ID', 'shop'],
    ['IMAGE_VERSION', '7'],
  ]),
  machineId: '0123456789abcdef0123456789abcdef',
  systemdVersion: 256,
  architecture: 'x86-64',
}
const letters = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')

t.test('every letter of a plain unit', t => {
  const expected: Readonly<Record<string, string>> = {
    // One value on every host.
    E: '/etc',
    C: '/var/cache',
    L: '/var/log',
    S: '/var/lib',
    t: '/run',
    T: '/tmp',
    V: '/var/tmp',
    D: '/usr/share',
    h: '/root',
    u: 'root',
    g: 'root',
    U: '0',
    G: '0',
    // Of the deployment.
    a: 'x86-64',
    o: 'debian',
    w: '13',
    W: '',
    B: 'b',
    M: 'shop',
    A: '7',
    m: '0123456789abcdef0123456789abcdef',
    // Of the unit.
    n: 'web-app-image.service',
    N: 'web-app-image',
    p: 'web-app-image',
    P: 'web/app/image',
    i: '',
    I: '',
    j: 'image',
    J: 'image',
    f: '/web/app/image',
  }
  const specifiers = unitSpecifiers('web-app-image.service', facts)
  for (const letter of letters) {
    const value = expected[letter]
    if (value === undefined)
      t.throws(() => specifiers(letter), { message: `specifier %${letter}` }, letter)
    else t.equal(specifiers(letter), value, letter)
  }
  t.end()
})

t.test('the reason why a letter is refused', t => {
  const cases: readonly [letters: string, reason: RegExp][] = [
    ['b', /boot ID/],
    ['Hlq', /host name/],
    ['v', /kernel/],
    ['d', /credentials/],
    ['s', /shell/],
    ['yY', /unit file/],
    ['crR', /control group/],
    ['ekxzFKOQXZ0', /no such specifier/],
  ]
  for (const [each, message] of cases)
    for (const letter of each)
      t.throws(() => unitSpecifiers('a.service', facts)(letter), { message }, letter)
  t.end()
})

t.test('names of units', t => {
  const cases: readonly [unit: string, specifier: string, value: string][] = [
    ['db@one-image.service', 'n', 'db@one-image.service'],
    ['db@one-image.service', 'N', 'db@one-image'],
    ['db@one-image.service', 'p', 'db'],
    ['db@one-image.service', 'i', 'one-image'],
    ['db@one-image.service', 'I', 'one/image'],
    ['db@one-image.service', 'f', '/one/image'],
    ['a@b@c.service', 'p', 'a'],
    ['a@b@c.service', 'i', 'b@c'],
    ['a.b.service', 'p', 'a.b'],
    ['a-b-c@x-y.service', 'j', 'c'],
    ['abc.service', 'j', 'abc'],
    [String.raw`x-a\x2db.service`, 'P', 'x/a-b'],
    [String.raw`x-a\x2db.service`, 'p', String.raw`x-a\x2db`],
    [String.raw`x-a\x2db.service`, 'J', 'a-b'],
    [String.raw`x-a\x2db.service`, 'j', String.raw`a\x2db`],
    [String.raw`x@\xc3\xa9.service`, 'I', 'é'],
    ['x@é-a.service', 'I', 'é/a'],
    ['x@-.service', 'f', '/'],
    ['-.service', 'f', '/'],
  ]
  for (const [unit, specifier, value] of cases)
    t.equal(unitSpecifiers(unit, facts)(specifier), value, `%${specifier} of ${unit}`)
  t.end()
})

t.test('names that systemd cannot unescape', t => {
  for (const letter of ['P', 'f'])
    for (const name of [
      String.raw`a\b`,
      String.raw`a\x2`,
      String.raw`a\xzz`,
      String.raw`a\x00`,
      'a\\',
    ])
      t.throws(
        () => unitSpecifiers(`${name}.service`, facts)(letter),
        { message: /cannot be unescaped/ },
        name,
      )
  for (const name of ['-a', 'a-', 'a--b', 'a-..', '.', 'x@'])
    t.throws(
      () => unitSpecifiers(`${name}.service`, facts)('f'),
      { message: /is not a path/ },
      name,
    )
  t.end()
})

t.test('what a deployment does not say', t => {
  const specifiers = unitSpecifiers('a.service', {
    ...facts,
    osRelease: undefined,
    machineId: undefined,
    systemdVersion: undefined,
  })
  for (const letter of 'owWBMA')
    t.throws(() => specifiers(letter), { message: /the root has no os-release/ }, letter)
  t.throws(() => specifiers('m'), { message: /the machine ID is known only on the updated host/ })
  t.throws(() => specifiers('D'), { message: /systemd 256 or newer is required/ })
  t.throws(() => unitSpecifiers('a.service', { ...facts, systemdVersion: 255 })('D'))
  t.end()
})

t.test('architectures, as systemd spells them', t => {
  const names = {
    x64: 'x86-64',
    ia32: 'x86',
    arm64: 'arm64',
    arm: 'arm',
    ppc64: 'ppc64-le',
    s390x: 's390x',
    riscv64: 'riscv64',
    loong64: 'loongarch64',
    mips: 'mips',
  }
  for (const [node, name] of Object.entries(names)) t.equal(systemdArchitecture(node), name)
  t.match(systemdArchitecture(), /^[\w-]+$/)
  t.end()
})
