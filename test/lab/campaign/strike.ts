import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../lab.ts'
import { waitForHand } from './hand-pull.ts'
import type { Blow, Event, Moment, Victim } from './draw-run.ts'
import type { Subject } from './subject.ts'

/**
 * Waits for the moment of a blow on a host that has just staged its next version, strikes, and comes back when
 * the host is off, in whatever way. The registry is on again then.
 *
 * @returns false when the host was off before, or no process of the victim was there any more
 */
export async function strike(subject: Subject, blow: Blow): Promise<boolean> {
  try {
    return await strikeUntilOff(subject, blow)
  } finally {
    // a registry that was to stay away for so long
    if (!subject.registry.isOn) await subject.registry.start()
  }
}

async function strikeUntilOff(subject: Subject, blow: Blow): Promise<boolean> {
  const { host } = subject
  const watch = watchEvents(host)
  if (blow.shutdown !== undefined) {
    await reach(host, blow.shutdown, watch)
    host.askToPowerOff()
  }
  await reach(host, blow.moment, watch)
  const struck = host.isOn && (await victims[blow.victim](subject, blow))
  if (struck && ['power', 'host'].includes(blow.victim)) return true
  if (host.isOn && blow.shutdown === undefined) {
    await waitForPulls(host)
    host.askToPowerOff()
  }
  await host.untilOff()
  return struck
}

/** What an administrator does; fails when an image cannot be pulled. */
export async function waitForPulls(host: Host): Promise<{ readonly exitCode: number }> {
  // several rounds of tries, each with those of podman itself
  return host.run('systemctl start bootc-bound-images.target', { timeoutMs: 400_000 })
}

/** Resolves to whether something was there to be ended. */
const victims: Readonly<Record<Victim, (subject: Subject, blow: Blow) => Promise<boolean>>> = {
  power: async subject => {
    await subject.cutPower()
    return true
  },
  host: async ({ host }) => {
    await host.kill()
    return true
  },
  registry: async ({ registry }, { awayMs }) => {
    await registry.stop()
    if (awayMs === undefined) return true
    await sleep(awayMs)
    await registry.start()
    return true
  },
  podman: ({ host }) => killNext(host, /^(?:\S*\/)?podman /u),
  // with its interpreter before it, or with the program that starts it
  program: ({ host }) => killNext(host, /\/usr\/(?:bin|lib)\/bootc-bound-images/u),
}

/** Kills the next processes that match; false when there are none for some seconds. */
async function killNext(host: Host, command: RegExp): Promise<boolean> {
  const end = performance.now() + 3000
  while (host.isOn && performance.now() < end) {
    if (host.killProcesses(command)) return true
    await sleep(5)
  }
  return false
}

type Watch = Readonly<Record<'gate' | 'finalized', () => boolean>>

/** Events that show in the host's files, from now on. */
function watchEvents(host: Host): Watch {
  const gate = () =>
    statSync(join(host.var, 'lib/bootc-bound-images/refused.json'), { throwIfNoEntry: false })
      ?.mtimeMs
  const entries = () => statSync(join(host.sysroot, 'boot/loader/entries')).ino
  const before = { gate: gate(), entries: entries() }
  return {
    gate: () => ![undefined, before.gate].includes(gate()),
    finalized: () => entries() !== before.entries,
  }
}

/** Comes back earlier when the host goes off. */
async function reach(host: Host, { event, ms }: Moment, watch: Watch): Promise<void> {
  const wait: Readonly<Record<Event, () => Promise<unknown>>> = {
    'pulling by hand': async () => {},
    'pulled by hand': () => waitForHand(host),
    staged: async () => {},
    pulled: () => waitForPulls(host),
    shutdown: async () => {},
    gate: () => poll(host, watch.gate),
    finalized: () => poll(host, watch.finalized),
  }
  await wait[event]()
  const end = performance.now() + ms
  await poll(host, () => performance.now() >= end)
}

async function poll(host: Host, isReached: () => boolean): Promise<void> {
  while (host.isOn && !isReached()) await sleep(2)
}
