import t from 'tap'
import { parseLastError } from '../../lib/host/parse-last-error.ts'
import { parseUnitStates } from '../../lib/host/parse-unit-states.ts'

t.test('systemctl show of several units (systemd 257)', t => {
  const output = `NRestarts=2
Id=bootc-pending-0000000000000000-image.service
LoadState=loaded
ActiveState=activating
SubState=start-pre
NeedDaemonReload=yes
Job=1234

NRestarts=0
Id=nothing.service
LoadState=not-found
ActiveState=inactive
SubState=dead
NeedDaemonReload=no
Job=

Id=a.target
LoadState=loaded
ActiveState=active
SubState=active
NeedDaemonReload=no
Job=
`
  t.strictSame(parseUnitStates(output), [
    {
      unit: 'bootc-pending-0000000000000000-image.service',
      load: 'loaded',
      active: 'activating',
      sub: 'start-pre',
      hasJob: true,
      restarts: 2,
      isStale: true,
    },
    {
      unit: 'nothing.service',
      load: 'not-found',
      active: 'inactive',
      sub: 'dead',
      hasJob: false,
      restarts: 0,
      isStale: false,
    },
    {
      unit: 'a.target',
      load: 'loaded',
      active: 'active',
      sub: 'active',
      hasJob: false,
      restarts: 0,
      isStale: false,
    },
  ])
  t.end()
})

t.test('the last error of podman 5.4', t => {
  const output = `Trying to pull 127.0.0.1:5000/nope:v1...
Error: first
Error: unable to copy from source docker://127.0.0.1:5000/nope:v1: manifest unknown
bootc-pending-0000000000000000-image.service: Main process exited, code=exited, status=125/n/a
`
  t.equal(
    parseLastError(output),
    'unable to copy from source docker://127.0.0.1:5000/nope:v1: manifest unknown',
  )
  t.equal(parseLastError('Trying to pull\n'), undefined)
  t.end()
})
