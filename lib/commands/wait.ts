import type { CommandModule } from 'yargs'
import { joinStaging } from '../staging/join-staging.ts'
import { requireRoot } from './require-root.ts'
import { reportStaging, waitForImages, warn } from './stage.ts'

export const waitCommand: CommandModule = {
  command: 'wait',
  describe:
    'Wait until every pull of the last staging has ended; exit 0 only when all images are on disk',
  handler: async () => {
    requireRoot()
    const staging = await joinStaging(warn)
    reportStaging(staging)
    await waitForImages(staging, undefined)
  },
}
