import { hostRoot } from '../directories.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import { removeOtherRecords, writeRecord, type RecordedImage } from '../state/deployment-records.ts'
import { backendOf } from '../backend/host-backend.ts'
import { describeError } from '../text/describe-error.ts'
import type { FoundImage } from '../survey/find-images.ts'

/**
 * Records the image that each name means in a deployment. Call it when every image is on disk and synced, or when the
 * deployment becomes the default without the missing ones.
 *
 * @param found one for each pull of the plan, in its order
 */
export function recordDeployment(
  deployment: string,
  { pulls }: Plan,
  found: readonly FoundImage[],
): void {
  const images = pulls.flatMap(({ boundImage }, index): RecordedImage[] => {
    const { identity, name, digest, isArtifact } = boundImage
    const id = found[index]?.id
    return id === undefined ? [] : [{ identity, name, digest, id, isArtifact }]
  })
  const isPartial = images.length < pulls.length ? true : undefined
  writeRecord({ deployment, time: new Date().toISOString(), images, isPartial })
  const names = backendOf(hostRoot)
    .deployments(hostRoot)
    .map(({ name }) => name)
  removeOtherRecords(new Set([deployment, ...names]))
}

/** Records a deployment. A failure, for example because the disk is full, is only logged and stops nothing else. */
export function tryToRecord(deployment: string, plan: Plan, found: readonly FoundImage[]): void {
  try {
    recordDeployment(deployment, plan, found)
  } catch (error) {
    process.stderr.write(`noting the images of ${deployment}: ${describeError(error)}\n`)
  }
}
