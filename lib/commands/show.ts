import type { CommandModule } from 'yargs'
import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'
import { renderUnits } from '../render/render-units.ts'
import { hostFacts } from '../request/host-facts.ts'
import { findNextDeployment } from '../request/next-deployment.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { describeProblem } from '../text/fault.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly root: string | undefined
}

export const showCommand: CommandModule<object, Options> = {
  command: 'show',
  describe: 'Print the units that would be generated for the next deployment',
  builder: parser =>
    parser.option('root', {
      type: 'string',
      requiresArg: true,
      describe: 'Directory of the deployment (default: the staged one, else what boots next)',
    }),
  handler: async ({ root }) => {
    requireRoot()
    const next = findNextDeployment(root)
    const facts = await hostFacts(readSettings(hostRoot).settings)
    const request = readNextRequest(next, facts)
    const plan = planAsStaged(request, facts.settings)
    const units = renderUnits(plan, facts, request.containersDirectory)
    // The format of Quadlet's -dryrun.
    for (const { name, contents } of units) process.stdout.write(`---${name}---\n${contents}\n`)
    for (const line of request.problems.flatMap(describeProblem)) process.stderr.write(`${line}\n`)
    if (request.problems.length > 0) process.exitCode = 1
  },
}
