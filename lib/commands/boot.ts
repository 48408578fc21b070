import type { CommandModule } from 'yargs'
import { describeError } from '../text/describe-error.ts'
import { activate } from '../tags/activate.ts'
import { readRefusal } from '../state/gate-refusal.ts'
import { stage } from '../staging/stage.ts'
import { startNow } from '../host/systemctl.ts'
import { requireRoot } from './require-root.ts'
import { reportStaging, warn } from './stage.ts'
import { isEarlier, refusalLines } from './status.ts'

export const bootCommand: CommandModule = {
  command: 'boot',
  describe: 'After boot: say what the last shutdown refused, and pull what the running OS lacks',
  handler: async () => {
    requireRoot()
    // At boot, it is not started on a host that has no state directory yet.
    await startNow('bootc-bound-images-running.service').catch((error: unknown) =>
      warn(describeError(error)),
    )
    const refused = readRefusal()
    if (refused !== undefined && !isEarlier(refused))
      for (const line of refusalLines(refused)) warn(line)
    // Restores tags that were removed. The activate service does not: it only checks whether the deployment has
    // changed.
    await activate({ leavesMoved: true, isEarly: false }).catch((error: unknown) =>
      warn(describeError(error)),
    )
    reportStaging(await stage(undefined, warn))
  },
}
