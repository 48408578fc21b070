import type { CommandModule } from 'yargs'
import { allPresent } from '../gate/survey-images.ts'
import { describeProblem } from '../spec/fault.ts'
import { stage } from '../staging/stage.ts'
import { waitForPulls } from '../staging/wait-for-pulls.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly root: string | undefined
  readonly wait: boolean
}

export const stageCommand: CommandModule<object, Options> = {
  command: 'stage',
  describe: 'Render the pending units of the next deployment and start them',
  builder: parser =>
    parser
      .option('root', {
        type: 'string',
        requiresArg: true,
        describe: 'Directory of the deployment (default: the staged one)',
      })
      .option('wait', {
        type: 'boolean',
        default: false,
        describe: 'Wait until every pull has ended; exit 0 only when all images are on disk',
      }),
  handler: async ({ root, wait }) => {
    requireRoot()
    const request = await stage(root)
    if (request === undefined) {
      process.stdout.write('No deployment is staged.\n')
      return
    }
    process.stdout.write(`${request.root}: bound images to pull: ${request.plan.pulls.length}\n`)
    for (const problem of request.problems)
      for (const line of describeProblem(problem))
        process.stderr.write(`${line}; this image is not pulled and the deployment stays staged\n`)
    if (request.problems.length > 0) process.exitCode = 1
    if (wait) {
      const images = await waitForPulls(request, root, line => process.stdout.write(`${line}\n`))
      const missing = images?.filter(image => !allPresent([image])) ?? []
      for (const { image, state, why } of missing)
        process.stderr.write(
          `${image ?? 'broken spec'}: ${[state, why].filter(Boolean).join(': ')}\n`,
        )
      process.exitCode = missing.length > 0 ? 1 : 0
    }
  },
}
