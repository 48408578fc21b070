import type { CommandModule } from 'yargs'
import { pullFacts } from '../request/host-facts.ts'
import { findNextDeployment } from '../request/next-deployment.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { startUnit } from '../host/systemctl.ts'
import { settleOrResolve } from '../staging/settle-or-resolve.ts'
import { withStagingLock } from '../state/staging-lock.ts'
import { requireRoot } from './require-root.ts'

export const settleCommand: CommandModule = {
  command: 'settle',
  describe: 'After the pulls: give the images their names, and note them for the deployment',
  handler: async () => {
    requireRoot()
    await withStagingLock(async () => {
      const next = findNextDeployment()
      const facts = await pullFacts()
      const request = readNextRequest(next, facts)
      const plan = planAsStaged(request, facts.settings)
      const found = await settleOrResolve(request, plan, facts, line =>
        process.stdout.write(`${line}\n`),
      )
      if (found === undefined) await startUnit('bootc-bound-images-stage.service')
    })
  },
}
