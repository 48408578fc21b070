import type { CommandModule } from 'yargs'
import { neededPulls } from '../plan/plan-pulls.ts'
import type { DeploymentRole } from '../request/next-deployment.ts'
import { describeProblem } from '../text/fault.ts'
import { printable } from '../text/printable.ts'
import { ensureFinalization } from '../staging/ensure-finalization.ts'
import { stage, type Staging } from '../staging/stage.ts'
import { waitForPulls } from '../staging/wait-for-pulls.ts'
import { allPresent, describeReport } from '../survey/survey-images.ts'
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
        describe: 'Directory of the deployment (default: the staged one, else what boots next)',
      })
      .option('wait', {
        type: 'boolean',
        default: false,
        describe: 'Wait until every pull has ended; exit 0 only when all images are on disk',
      }),
  handler: stageNext,
}

async function stageNext({ root, wait }: Options): Promise<void> {
  requireRoot()
  const staging = await stage(root, warn)
  reportStaging(staging)
  if (wait) {
    const images = await waitForPulls(staging, root, line => process.stdout.write(`${line}\n`))
    const missing = images.filter(image => !allPresent([image]))
    for (const image of missing) process.stderr.write(`${describeReport(image)}\n`)
    const held = await ensureFinalization()
    if (held !== undefined) process.stderr.write(`${held}\n`)
    process.exitCode = missing.length > 0 || held !== undefined ? 1 : 0
  }
}

/** What happens to a deployment with missing images that was not staged, because the gate does not hold it back. */
const notStaged: Readonly<Record<DeploymentRole, string | undefined>> = {
  staged: undefined,
  requested: undefined,
  default: 'it becomes the running system at the next reboot, with or without them',
  booted: 'it is the running system',
}

/** Reports a staging. Sets the exit status if images of a staged or requested deployment cannot be pulled. */
export function reportStaging({ role, request, plan, refusal }: Staging): void {
  const { name, problems } = request
  const count = neededPulls(plan).length
  const consequence = notStaged[role]
  if (consequence === undefined || count === 0)
    process.stdout.write(`${name}: bound images to pull: ${count}\n`)
  else warn(`${name} lacks ${count} of its bound images, and ${consequence}`)
  for (const problem of problems)
    for (const line of describeProblem(problem))
      process.stderr.write(
        `${line}; this image is not pulled${consequence === undefined ? ' and the deployment stays staged' : ''}\n`,
      )
  const leftOut = plan.pulls.filter(({ noRoom }) => noRoom !== undefined)
  for (const { boundImage, noRoom } of leftOut)
    process.stderr.write(`${printable(boundImage.name)} is not pulled: ${noRoom}\n`)
  if (refusal !== undefined) process.stderr.write(`the pulls were not started: ${refusal}\n`)
  // The gate does not hold back a default or booted deployment, so failing would only leave a failed unit.
  const isIncomplete = problems.length > 0 || leftOut.length > 0 || refusal !== undefined
  if (consequence === undefined && isIncomplete) process.exitCode = 1
}

/** Prints a warning. If the output goes to the journal, uses the priority prefix of sd-daemon(3). */
export function warn(line: string): void {
  process.stderr.write(`${process.stderr.isTTY ? 'warning: ' : '<4>'}${line}\n`)
}
