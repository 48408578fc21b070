import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CommandResult, Host } from './host.ts'

const directory = '/var/lib/recorder'

/** A program of the host that writes down its arguments instead of doing anything. */
export const recorder = `${directory}/record`

const program = `#!/bin/sh
for word do printf '%s\\0' "$word"; done >"${directory}/words/$UNIT"
`
const dropIn = `[Service]
Environment="UNIT=%n"
`
/** Pulls may not write where they want. */
const pullsDropIn = `[Service]
ReadWritePaths=${directory}
`

/**
 * Has the systemd of a booted host start services, given by name and text, whose program is `recorder`.
 *
 * @returns the arguments that each got; a unit that did not start has none
 */
export async function recordArguments(
  host: Host,
  units: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, readonly Buffer[]>> {
  const outside = writeUnits(host, {
    ...units,
    'service.d/recorder.conf': dropIn,
    // of another name: it would take the place of the other
    'bootc-pending-.service.d/pulls.conf': pullsDropIn,
  })
  mkdirSync(join(outside, 'words'))
  writeFileSync(join(outside, 'record'), program)
  chmodSync(join(outside, 'record'), 0o755)

  // One by one what did not start: systemd 262 starts none of many when one is broken.
  const { exitCode, stderr } = await host.run(
    `cp -R ${directory}/units/. /run/systemd/system/ && systemctl daemon-reload || exit
     cd ${directory}/units
     printf '%s\\n' *.service | xargs -d '\\n' -n 200 systemctl start --
     for unit in *.service; do [ -e "../words/$unit" ] || systemctl start -- "$unit"; done
     cd /run/systemd/system && rm -r -- * && systemctl daemon-reload`,
    { timeoutMs: 300_000 },
  )
  if (exitCode !== 0) throw new Error(stderr)
  const words = join(outside, 'words')
  return new Map(
    readdirSync(words).map(name => [name, splitAtNul(readFileSync(join(words, name)))]),
  )
}

/** What `systemd-analyze verify` says about units, given by name and text, beside those of the host. */
export async function verifyUnits(
  host: Host,
  units: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  writeUnits(host, units)
  return host.run(
    `cd ${directory}/units && find * -maxdepth 0 -type f |
       SYSTEMD_UNIT_PATH=${directory}/units: xargs -d '\\n' systemd-analyze verify --man=no --recursive-errors=no`,
  )
}

/** @returns the directory, seen from outside */
function writeUnits(host: Host, units: Readonly<Record<string, string>>): string {
  const outside = join(host.var, '..', directory)
  rmSync(outside, { recursive: true, force: true })
  for (const [name, text] of Object.entries(units)) {
    const file = join(outside, 'units', name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return outside
}

function splitAtNul(bytes: Buffer): readonly Buffer[] {
  const words: Buffer[] = []
  for (let start = 0, end; (end = bytes.indexOf(0, start)) >= 0; start = end + 1)
    words.push(bytes.subarray(start, end))
  return words
}
