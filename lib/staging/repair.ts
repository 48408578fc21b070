import { describeError } from '../text/describe-error.ts'
import { checkStore, isReadable, listStore, removeImages, type StoreList } from '../host/podman.ts'
import { manifestLayers } from '../host/store-files.ts'
import { readKnowledge } from '../state/knowledge-file.ts'
import { isRecorded, pulledByDigest } from '../state/pull-records.ts'
import { runStep } from '../host/run-step.ts'
import { storedContents } from '../survey/stored-contents.ts'
import {
  clearMarks,
  rememberFalseAlarm,
  suspicions,
  wasFalseAlarm,
} from '../state/unfinished-pulls.ts'
import { isAtLeast } from '../facts/podman-version.ts'
import { pullSteps, recordName } from '../render/pull-steps.ts'
import type { PullFacts } from '../facts/facts.ts'
import { storeDirectories, type ImageStore } from '../facts/image-store.ts'
import { pullFacts } from '../request/host-facts.ts'
import { storedName } from '../bound-images/bound-image.ts'
import { findNextDeployment } from '../request/next-deployment.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { whyUnusable } from '../survey/why-unusable.ts'

/** The first podman that can remove a damaged layer that no image uses. */
const firstWithCheck = [5, 2] as const

/**
 * Repairs podman's store if it is suspect: removes damaged images and layers, and checks each present bound image of
 * the next deployment that has no record. It runs before any pull, because podman reuses the layers it has.
 *
 * @param report takes a line for people
 * @param deadline in milliseconds since 1970
 */
export async function repair(report: (line: string) => void, deadline: number): Promise<void> {
  const found = suspicions()
  if (found.length === 0) return
  const next = findNextDeployment()
  const facts = await pullFacts()
  const request = readNextRequest(next, facts)
  const { pulls } = planAsStaged(request, facts.settings)
  // List the store, because podman cannot inspect damaged images.
  const listed = await listStore(facts.imageStore)
  const wantedNames = pulls.flatMap(({ boundImage }) => [storedName(boundImage), boundImage.name])
  // The host can also go down while an image that nothing needs any more is removed.
  const ours = new Set([...wantedNames, ...pulledByDigest()].map(name => listed.names.get(name)))
  const known = [...(readKnowledge(request.name)?.knowledge.values() ?? [])]
  const layers = new Set(
    known.flatMap(({ layers: missing = [], storedLayers = [] }) => [
      ...missing.map(({ digest }) => digest),
      ...storedLayers,
    ]),
  )
  // Keep the marks of the wanted pulls, so that record-pull reads their images back.
  const wanted = new Set(pulls.map(({ unit }) => recordName(unit)))
  const clearable = found.filter(({ lasts, name }) => !lasts && !wanted.has(name))
  const [event] = found.flatMap(({ lasts, event }) => (lasts ? [] : [event]))
  if (
    event !== undefined &&
    (await repairStore({ ours, layers, listed }, facts, event, deadline, report))
  )
    clearMarks(clearable.map(({ name }) => name))
  const stored = await storedContents(
    pulls.map(({ boundImage }) => boundImage),
    facts,
  )
  for (const pull of pulls) {
    const name = storedName(pull.boundImage)
    const image = stored.get(pull.boundImage.identity)
    if (image === undefined || isRecorded(recordName(pull.unit), name, image.id)) continue
    // An unusable image is pulled again in any case. A record would wrongly say that this one was pulled.
    if (whyUnusable(pull.boundImage, image, request) !== undefined) continue
    report(`checking ${pull.boundImage.name}, which has no record: ${event ?? found[0]?.event}`)
    await runStep(pullSteps(pull, facts).record, { deadline, environment: { KEEP_MARK: 'yes' } })
  }
}

/** What a repair must know of bound images. */
interface BoundContents {
  readonly ours: ReadonlySet<string | undefined>
  readonly layers: ReadonlySet<string>
  readonly listed: StoreList
}

/**
 * Removes those of damaged images of others on whose layers pulls of bound images would build.
 *
 * @returns the rest
 */
async function removeUnderneath(
  ids: readonly string[],
  { layers, listed }: BoundContents,
  store: ImageStore,
  report: (line: string) => void,
): Promise<readonly string[]> {
  const rest: string[] = []
  for (const id of ids) {
    const isUnderneath = manifestLayers(storeDirectories(store), id).some(each => layers.has(each))
    if (!isUnderneath) {
      rest.push(id)
      continue
    }
    // A pull that the power failure interrupted has not named it yet.
    const named = [...listed.names].flatMap(([name, of]) => (of === id ? [name] : []))
    const names = named.length === 0 ? [id] : named
    report(
      `${names.join(' ')} cannot be read any more, and pulls of bound images would take over its layers: it is removed, pull it again`,
    )
    await removeImages(names, store)
  }
  return rest
}

/**
 * Makes podman remove damaged images and layers. Of images that are not bound images, it removes those on whose layers
 * pulls would build; the others are left to the administrator, and then podman removes nothing. Removes nothing either
 * if podman reports an image that can be read: podman (5.4, 5.8) finds fault with every layer whose archive has no entries
 * for directories.
 *
 * @param bound `ours`: IDs of images that may be removed; `layers`: digests of the layers of bound images
 * @returns whether the store is known to be whole
 */
async function repairStore(
  bound: BoundContents,
  { imageStore, podmanVersion }: PullFacts,
  event: string,
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
    report(`checking the image store: ${event}`)
    const { isWhole, damagedImages } = await checkStore(imageStore, deadline, { isToRepair: false })
    if (isWhole) return true
    // Check this first, because the advice below would be wrong for images that are not damaged.
    for (const id of damagedImages) {
      if (!(await isReadable(id, imageStore, deadline))) continue
      report(
        `podman finds fault with image ${id}, which can be read all the same; nothing is removed`,
      )
      rememberFalseAlarm()
      return false
    }
    const damagedOthers = damagedImages.filter(id => !bound.ours.has(id))
    const others = await removeUnderneath(damagedOthers, bound, imageStore, report)
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
