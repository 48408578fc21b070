import { readFileSync } from 'node:fs'
import { unitProperty } from '../host/systemctl.ts'
import { hasKnownCommand, isGateFirst, knownCommand } from './finalize-commands.ts'

const service = 'ostree-finalize-staged.service'

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
