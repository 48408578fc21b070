// Time limits that must fit each other: a program ends by itself before the unit that runs it is killed.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { settingKeys } from '../../lib/config/settings.ts'
import { parseTimeSpan } from '../../lib/config/time-span.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The only number of its kind in a file, in seconds: a time span for a unit, milliseconds for a program. */
const numberIn = (path: string, pattern: RegExp): string => pattern.exec(read(path))?.[1] ?? ''
const limit = (unit: string, key: string) =>
  Number(parseTimeSpan(numberIn(`units/${unit}.in`, new RegExp(`^${key}=(.+)$`, 'mu')))) / 1e6

/** The greatest whole number of seconds that a setting takes. */
const most = (name: 'gateTimeoutSec' | 'flushTimeoutSec' | 'resolveTimeoutSec') => {
  const accepts = (seconds: number) => {
    try {
      return settingKeys[name].read(`${seconds}`) === seconds
    } catch {
      return false
    }
  }
  let seconds = 10
  while (accepts(seconds + 1)) seconds++
  return seconds
}

t.test(
  'the gate of a soft reboot gives its answer before timeout(1) ends it, and that before systemd',
  t => {
    const ended = Number(numberIn('units/programs/guard-soft-reboot', /^timeout (\d+) "\$1" /mu))
    t.ok(most('gateTimeoutSec') + 5 <= ended, `${most('gateTimeoutSec')} s, ${ended} s`)
    t.ok(ended + 20 <= limit('bootc-bound-images-soft-reboot.service', 'TimeoutStopSec'))
    t.end()
  },
)

t.test('the gate ends before its unit is killed, and that before the shutdown is forced', t => {
  const grace = Number(
    numberIn(
      'lib/shutdown/pull-missing.ts',
      /^export const graceMilliseconds = ([\d_]+)$/mu,
    ).replaceAll('_', ''),
  )
  const ended = limit('bootc-bound-images-gate.service', 'TimeoutStopSec')
  t.ok(grace > 0)
  t.ok(most('flushTimeoutSec') + grace / 1000 + most('gateTimeoutSec') + 5 <= ended)
  // JobTimeoutSec=30min of poweroff.target and reboot.target (systemd).
  t.ok(ended < 1800)
  t.end()
})

t.test('repair and staging have time for each of their steps', t => {
  const minutes = Number(
    numberIn('lib/commands/repair.ts', /^const milliseconds = (\d+) \* 60_000$/mu),
  )
  t.ok(minutes > 0)
  t.ok(minutes * 60 < limit('bootc-bound-images-repair.service', 'TimeoutStartSec'))
  // Two questions to podman of five minutes each at most, and the registries.
  const stage = limit('bootc-bound-images-stage.service', 'TimeoutStartSec')
  t.ok(2 * 300 + most('resolveTimeoutSec') < stage)
  t.equal(limit('bootc-bound-images-boot.service', 'RuntimeMaxSec'), stage)
  t.end()
})
