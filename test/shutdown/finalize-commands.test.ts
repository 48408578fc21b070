import t from 'tap'
import { hasKnownCommand, isGateFirst } from '../../lib/shutdown/finalize-commands.ts'

/** A line of `systemctl show -P ExecStop`, which systemd 252, 257 and 262 print alike. */
const shown = (command: string, ignoreErrors: 'yes' | 'no' = 'no') =>
  `{ path=${command.split(' ')[0]} ; argv[]=${command} ; ignore_errors=${ignoreErrors} ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n`

const gate = '/usr/bin/timeout 90 /usr/bin/bootc-bound-images gate --at-shutdown'
const ostree = '/usr/bin/ostree admin finalize-staged'

/** A unit file of ostree's that stops with these commands. */
const unit = (...commands: readonly string[]) =>
  ['[Service]', 'Type=oneshot', ...commands.map(each => `ExecStop=${each}`), ''].join('\n')

t.test('what an installation leads to', t => {
  t.ok(isGateFirst(shown(gate) + shown(ostree)))
  t.ok(isGateFirst((shown(gate) + shown(ostree)).trimEnd()), 'as execa strips it')
  t.ok(
    isGateFirst(shown(gate.replaceAll('/usr/bin/boot', '/opt/bin/boot')) + shown(ostree)),
    'with another prefix',
  )
  t.end()
})

t.test('what lets a deployment pass the gate, or none', t => {
  const lists = {
    'no such unit': '',
    'no gate': shown(ostree),
    'the gate reset by a later drop-in': shown(gate),
    'the gate after ostree': shown(ostree) + shown(gate),
    'a command before the gate': shown('/usr/bin/true') + shown(gate) + shown(ostree),
    'a command between them': shown(gate) + shown('/usr/bin/true') + shown(ostree),
    'a command after them': shown(gate) + shown(ostree) + shown('/usr/bin/true'),
    'ostree twice': shown(gate) + shown(ostree) + shown(ostree),
    'another command of ours': shown(gate.replace(/gate --at-shutdown$/u, 'status')) + shown(ostree),
    'the gate of another deployment': shown(`${gate} --root /`) + shown(ostree),
    'another command of ostree': shown(gate) + shown(`${ostree} --hold`),
    'no limit': shown('/usr/bin/bootc-bound-images gate --at-shutdown') + shown(ostree),
    'a gate whose failure is ignored': shown(gate, 'yes') + shown(ostree),
  }
  for (const [what, list] of Object.entries(lists)) t.notOk(isGateFirst(list), what)
  t.end()
})

t.test('the command in the unit file of ostree', t => {
  t.ok(hasKnownCommand(unit(ostree)))
  t.ok(hasKnownCommand(unit(`${ostree} --hold`), unit('', ostree)), 'and a drop-in')
  t.notOk(hasKnownCommand(unit(ostree), unit('', `${ostree} --hold`)), 'and another')
  for (const commands of [[], [`${ostree} --hold`], [ostree, ''], [ostree, ostree]])
    t.notOk(hasKnownCommand(unit(...commands)), commands.join(', '))
  t.end()
})
