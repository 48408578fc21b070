import { suspects } from '../host/dirty-mark.ts'
import { storedImages } from '../host/podman.ts'
import { readPullRecord } from '../host/pull-records.ts'
import { runStep } from '../host/run-step.ts'
import { pullSteps, recordName } from '../render/pull-steps.ts'
import { pullFacts } from './host-facts.ts'
import { readWholeRequest } from './read-host-request.ts'
import { findNextDeployment } from './stage.ts'

/**
 * When the host went down in the middle of pulls: checks each bound image of the next deployment that is in
 * the store without a record, and removes those that are damaged. All before any is pulled: podman takes
 * over the layers it has, and those of a damaged image go only with the last image that has them.
 *
 * @param report takes a line for people
 */
export async function repair(report: (line: string) => void): Promise<void> {
  const next = findNextDeployment()
  if (suspects().length === 0 || next === undefined) return
  const facts = await pullFacts()
  const { pulls } = readWholeRequest(next, facts).plan
  const images = pulls.map(({ boundImage }) => boundImage.name)
  const stored = await storedImages(images, facts.imageStore)
  for (const pull of pulls) {
    const image = stored.get(pull.boundImage.name)
    if (image === undefined || readPullRecord(recordName(pull.unit))?.id === image.id) continue
    report(`checking ${pull.boundImage.name}: the host went down while it was pulled`)
    await runStep(pullSteps(pull, facts).record)
  }
}
