import { describeError } from '../text/describe-error.ts'
import { checkStore, isReadable, listStore } from '../host/podman.ts'
import { isRecorded } from '../state/pull-records.ts'
import { runStep } from '../host/run-step.ts'
import { storedImages } from '../host/stored-images.ts'
import {
  clearMarks,
  rememberFalseAlarm,
  interruptedPulls,
  wasFalseAlarm,
} from '../state/unfinished-pulls.ts'
import { isAtLeast } from '../facts/podman-version.ts'
import { pullSteps, recordName } from '../render/pull-steps.ts'
import type { PullFacts } from '../facts/facts.ts'
import { pullFacts } from '../request/host-facts.ts'
import { storedName } from '../bound-images/bound-image.ts'
import { findNextDeployment } from '../request/next-deployment.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { whyUnusable } from '../survey/why-unusable.ts'

/** The first podman that can remove a damaged layer which no image has. */
const firstWithCheck = [5, 2] as const

/**
 * When the host went down in the middle of pulls: removes what is damaged in podman's store, and checks each
 * bound image of the next deployment that is there without a record. All before any is pulled: podman takes
 * over the layers it has.
 *
 * @param report takes a line for people
 * @param deadline until then it may take, in milliseconds since 1970
 */
export async function repair(report: (line: string) => void, deadline: number): Promise<void> {
  const next = findNextDeployment()
  const suspects = interruptedPulls()
  if (suspects.length === 0 || next === undefined) return
  const facts = await pullFacts()
  const request = readNextRequest(next, facts)
  const { pulls } = planAsStaged(request, facts.settings)
  const names = pulls.map(({ boundImage }) => storedName(boundImage))
  // Not by inspecting them: what is damaged cannot be inspected.
  const listed = await listStore(facts.imageStore)
  const ours = new Set(names.map(name => listed.names.get(name)))
  const isStoreWhole = await repairStore(ours, facts, deadline, report)
  // What is pulled again is checked in depth first.
  const wanted = new Set(pulls.map(({ unit }) => recordName(unit)))
  if (isStoreWhole) clearMarks(suspects.filter(name => !wanted.has(name)))
  const stored = await storedImages(names, facts.imageStore)
  for (const pull of pulls) {
    const name = storedName(pull.boundImage)
    const image = stored.get(name)
    if (image === undefined || isRecorded(recordName(pull.unit), name, image.id)) continue
    // Else it is pulled in any case, and a record would say that this one had been.
    if (whyUnusable(pull.boundImage, image, request.root, facts.imageStore) !== undefined) continue
    report(`checking ${pull.boundImage.name}: the host went down while it was pulled`)
    await runStep(pullSteps(pull, facts).record, { deadline, environment: { KEEP_MARK: 'yes' } })
  }
}

/**
 * Has podman remove what is damaged, unless it would remove images that are none of ours: that is for the
 * administrator to decide. Nor if there is a false alarm among what it finds: podman (5.4, 5.8) finds fault with every
 * layer whose archive has no entries for directories.
 *
 * @returns whether the store is known to be whole
 */
async function repairStore(
  ours: ReadonlySet<string | undefined>,
  { imageStore, podmanVersion }: PullFacts,
  deadline: number,
  report: (line: string) => void,
): Promise<boolean> {
  if (!isAtLeast(podmanVersion, firstWithCheck)) {
    report(
      `podman ${podmanVersion.join('.')} cannot check its store; should pulls fail because of damaged layers, podman 5.2 or newer can remove them`,
    )
    return false
  }
  if (wasFalseAlarm()) return false
  try {
    report('checking the image store: the host went down while images were pulled')
    const { isWhole, damagedImages } = await checkStore(imageStore, deadline, { isToRepair: false })
    if (isWhole) return true
    // First, because the advice below would be bad if there is nothing wrong with them.
    for (const id of damagedImages) {
      if (!(await isReadable(id, imageStore, deadline))) continue
      report(
        `podman finds fault with image ${id}, which can be read all the same; nothing is removed`,
      )
      rememberFalseAlarm()
      return false
    }
    const others = damagedImages.filter(id => !ours.has(id))
    if (others.length > 0) {
      report(
        `images that are not bound images are damaged; "podman system check --repair" removes them: ${others.join(' ')}`,
      )
      return false
    }
    await checkStore(imageStore, deadline, { isToRepair: true })
    report('what was damaged in the image store was removed, and is pulled again')
    return (await checkStore(imageStore, deadline, { isToRepair: false })).isWhole
  } catch (error) {
    report(`checking the image store: ${describeError(error)}`)
    return false
  }
}
