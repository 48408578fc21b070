import t from 'tap'
import { formatConfiguration } from '../../lib/config/format-configuration.ts'
import { parseSettings } from '../../lib/config/parse-settings.ts'

const format = (text: string, path = '/etc/x.conf') =>
  formatConfiguration(parseSettings([{ path, text }]))

t.test('every key, its value and where it is from', t => {
  const text = format(
    '[BoundImages]\nRetryDelaySec=90\nSpecDirs=/b\nSpecDirs=/a//c\nStore=/srv/images/\n',
  )
  t.equal(
    text,
    `[BoundImages]
# default
Gate=require
# default
MaxParallel=16
# default
RandomizedDelaySec=0
# default
RetryLimit=6
# /etc/x.conf:2
RetryDelaySec=1min 30s
# default
RetryMaxDelaySec=5min
# default
StallTimeoutSec=2min
# default
PullTimeoutSec=24h
# default
FlushTimeoutSec=10min
# default
GateTimeoutSec=1min
# default
ResolveTimeoutSec=20s
# /etc/x.conf:5
Store=/srv/images
# /etc/x.conf:3, /etc/x.conf:4
SpecDirs=/b /a/c
`,
  )
  t.equal(format(text).replaceAll(/^#.*\n/gmu, ''), text.replaceAll(/^#.*\n/gmu, ''), 'it reads')
  t.match(format(''), /# default: podman's own store\nStore=\n# default: the usual directories\n/)
  t.end()
})

t.test('the name of a file adds no line', t => {
  const text = format('[BoundImages]\nGate=warn\n', '/etc/x.conf.d/a\nGate=off\\\n.conf')
  t.match(text, /^# \/etc\/x\.conf\.d\/a\\x0aGate=off\\\\x0a\.conf:2\nGate=warn$/m)
  t.end()
})
