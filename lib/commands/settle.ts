import type { CommandModule } from 'yargs'
import { pullFacts } from '../request/host-facts.ts'
import { findNextDeployment } from '../request/next-deployment.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { settleImages } from '../tags/settle-images.ts'
import { withStagingLock } from '../state/staging-lock.ts'
import { requireRoot } from './require-root.ts'

export const settleCommand: CommandModule = {
  command: 'settle',
  describe: 'After the pulls: give the images their names, and note them for the deployment',
  handler: async () => {
    requireRoot()
    await withStagingLock(async () => {
      const next = findNextDeployment()
      if (next === undefined) return
      const facts = await pullFacts()
      const request = readNextRequest(next, facts)
      await settleImages(request, planAsStaged(request, facts.settings), facts)
    })
  },
}
