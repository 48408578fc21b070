import { readFileSync } from 'node:fs'
import { unitProperty } from '../host/systemctl.ts'

const service = 'ostree-finalize-staged.service'

/** What the drop-in repeats, because adding a command before ostree's means listing both. */
const knownCommand = '/usr/bin/ostree admin finalize-staged'

/**
 * What keeps the gate from holding a deployment back, for people. A later drop-in can silently remove or
 * precede our line, so only the list that systemd loaded counts; and a later ostree may finalize with another
 * command than the one that our drop-in repeats.
 */
export async function gateWarnings(): Promise<readonly string[]> {
  const unitFile = await unitProperty(service, 'FragmentPath')
  return [
    ...(isGateFirst(await unitProperty(service, 'ExecStop'))
      ? []
      : [
          `the gate is not in place: ${service} does not run "bootc-bound-images gate" and then "${knownCommand}". See systemctl cat ${service}.`,
        ]),
    ...(unitFile === '' || hasKnownCommand(readFileSync(unitFile, 'utf8'))
      ? []
      : [
          `this ostree finalizes with another command than "${knownCommand}", which the drop-in of bootc-bound-images runs instead. See ${unitFile}.`,
        ]),
  ]
}

/** Whether a value of `ExecStop`, as systemctl shows it, is our gate and then ostree's command. */
export function isGateFirst(execStop: string): boolean {
  const [first = '', second = '', ...others] = execStop.split('\n').filter(Boolean)
  return (
    /argv\[\]=\S*timeout \d+ \S*bootc-bound-images gate /u.test(first) &&
    second.includes(`argv[]=${knownCommand} `) &&
    others.length === 0
  )
}

/** Whether ostree's own unit file stops with the command that the drop-in repeats. */
export function hasKnownCommand(unitFile: string): boolean {
  const commands = unitFile.split('\n').filter(line => line.startsWith('ExecStop='))
  return commands.length === 1 && commands[0] === `ExecStop=${knownCommand}`
}
