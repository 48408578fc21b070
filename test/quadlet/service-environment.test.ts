import t from 'tap'
import { environmentFaults } from '../../lib/quadlet/service-environment.ts'
import { parseUnitFile } from '../../lib/quadlet/unit-file.ts'
import { makeContext } from '../bound-images/make-context.ts'

const { specifiers } = makeContext(t)
const faultsOf = (lines: string) =>
  environmentFaults(parseUnitFile(`[Service]\n${lines}\n`).unitFile, specifiers)

t.test('variables that change what podman pulls', t => {
  const cases: readonly [lines: string, line: number, variable: string][] = [
    ['Environment=REGISTRY_AUTH_FILE=/etc/auth.json', 2, 'REGISTRY_AUTH_FILE'],
    ['Environment=CONTAINERS_REGISTRIES_CONF=', 2, 'CONTAINERS_REGISTRIES_CONF'],
    ['Environment=CONTAINERS_=x', 2, 'CONTAINERS_'],
    ['Environment=A=1 CONTAINERS_CONF=/x', 2, 'CONTAINERS_CONF'],
    ['Environment="A=a b" "CONTAINERS_CONF=/x y"', 2, 'CONTAINERS_CONF'],
    [`Environment='CONTAINERS_STORAGE_CONF=/x'`, 2, 'CONTAINERS_STORAGE_CONF'],
    ['Environment=CON"TAINERS"_CONF=/x', 2, 'CONTAINERS_CONF'],
    [String.raw`Environment=\x43ONTAINERS_CONF=/x`, 2, 'CONTAINERS_CONF'],
    ['Environment="" ; CONTAINERS_CONF=/x', 2, 'CONTAINERS_CONF'],
    ['Environment=CONTAINERS_\\\nCONF=/x', 2, 'CONTAINERS_CONF'],
    ['Environment=A=1 \\\n  CONTAINERS_CONF=/x', 2, 'CONTAINERS_CONF'],
    ['Environment=A=1\nEnvironment=CONTAINERS_CONF=/x', 3, 'CONTAINERS_CONF'],
    ['Environment=CONTAINERS_A=1\nEnvironment=\nEnvironment=CONTAINERS_B=2', 4, 'CONTAINERS_B'],
    ['Environment=CONTAINERS_CONF%i=/x', 2, 'CONTAINERS_CONF'],
  ]
  for (const [lines, line, variable] of cases) {
    const reason = `${variable} changes what podman pulls, but only on the booted system`
    const remedy = /^use AuthFile= .*\/etc\/containers, .* bootc-pending-\.service$/
    const faults = faultsOf(lines)
    t.match(faults, [{ line, key: 'Environment', reason, remedy }], lines)
    t.equal(faults.length, 1, lines)
  }
  t.end()
})

t.test('all else is let through', t => {
  for (const lines of [
    'TimeoutStartSec=900',
    'Environment=HTTPS_PROXY=http://proxy.example:3128 NO_PROXY=.example',
    'Environment=A=CONTAINERS_CONF=/x MY_CONTAINERS_CONF=/x containers_conf=/x',
    'Environment="A= CONTAINERS_CONF=/x"',
    'Environment=A=1\\\nCONTAINERS_CONF=/x',
    'Environment=CONTAINERS_CONF CONTAINERS-CONF=/x',
    'Environment=CONTAINERS_CONF=/x\nEnvironment=',
    'Environment=HOST=%H BOOT=%b %%i=1 $X ${Y}=',
    String.raw`Environment="A=a\tb" "" ;`,
    'EnvironmentFile=/etc/pull.env',
    '[X-Mine]\nEnvironment=CONTAINERS_CONF=/x',
  ])
    t.strictSame(faultsOf(lines), [], lines)
  t.end()
})

t.test('what nobody can split has no effect on systemd', t => {
  for (const lines of ['Environment="CONTAINERS_A=1', String.raw`Environment=CONTAINERS_A=\d`])
    t.strictSame(faultsOf(lines), [], lines)
  t.end()
})

t.test('a name that nobody knows is refused', t => {
  t.match(faultsOf('Environment=%H=1'), [
    { line: 2, key: 'Environment', reason: /specifier %H/, remedy: /write the value itself/ },
  ])
  t.end()
})
