import { readFileSync } from 'node:fs'
import { hostRoot } from '../directories.ts'
import { unitProperty, unitStates } from '../host/systemctl.ts'
import { readStagedFile } from '../root/staged-deployment.ts'
import { hasKnownCommand, isGateFirst, knownCommand } from './finalize-commands.ts'

const service = 'ostree-finalize-staged.service'

const ourDropIn = 'zz-bootc-bound-images.conf'

/**
 * Warnings for people that the gate cannot hold a deployment back. Checks the commands that systemd has loaded, because
 * a later drop-in can remove our command or precede it. Also checks ostree's own command: a later ostree, or a drop-in
 * before ours, can use another one than our drop-in repeats.
 */
export async function gateWarnings(): Promise<readonly string[]> {
  const files = await unitFilesBeforeOurs()
  const isHeld =
    readStagedFile(hostRoot) !== undefined && (await unitStates([service]))[0]?.active !== 'active'
  return [
    ...(isHeld
      ? [
          `a reboot does not apply what is staged: ${service} is not active. Remedy: systemctl start bootc-bound-images.target`,
        ]
      : []),
    ...(isGateFirst(await unitProperty(service, 'ExecStop'))
      ? []
      : [
          `the gate is not in place: ${service} does not run "bootc-bound-images gate --at-shutdown" and then "${knownCommand}". See systemctl cat ${service}.`,
        ]),
    ...(files.length === 0 || hasKnownCommand(...files.map(file => readFileSync(file, 'utf8')))
      ? []
      : [
          `this ostree finalizes with another command than "${knownCommand}", which the drop-in of bootc-bound-images runs instead. See ${files.join(', ')}.`,
        ]),
  ]
}

/** The paths of the unit file and of the drop-ins before ours. */
async function unitFilesBeforeOurs(): Promise<readonly string[]> {
  const unitFile = await unitProperty(service, 'FragmentPath')
  const dropIns = (await unitProperty(service, 'DropInPaths')).split(' ')
  const ours = dropIns.findIndex(path => path.endsWith(`/${ourDropIn}`))
  return [unitFile, ...dropIns.slice(0, Math.max(0, ours))].filter(Boolean)
}
