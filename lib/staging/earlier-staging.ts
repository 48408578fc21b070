import { runtimeDirectory } from '../directories.ts'
import { readKnowledge } from '../state/knowledge-file.ts'
import type { StagingKnowledge } from '../state/parse-knowledge.ts'
import { pullStates } from '../survey/pull-states.ts'
import { currentUnits } from '../state/unit-sets.ts'
import { type Plan } from '../plan/plan-pulls.ts'
import type { DeploymentRole } from '../request/next-deployment.ts'
import type { Earlier } from './resolve-images.ts'
import { stagingKey } from '../request/staging-key.ts'

/** What earlier stagings of this deployment found out. */
export interface EarlierStaging
  extends Earlier, Pick<StagingKnowledge, 'staging' | 'timesResolvedAgain'> {
  /** Whether the last run was for the same staging of the deployment. */
  readonly isSameStaging: boolean
}

/**
 * Reads what is known about a deployment. During one staging, a name keeps the digest to which it was resolved, unless
 * its pull failed: the registry may have replaced the image by another one.
 */
export async function readEarlierStaging(
  name: string,
  { target, pulls }: Plan,
  role: DeploymentRole,
): Promise<EarlierStaging> {
  const staging = stagingKey(role)
  const isStaging = role === 'staged' || role === 'requested'
  const last = readKnowledge(name)
  const isSame = last?.staging === staging
  const set = currentUnits(runtimeDirectory)
  const inSet = isSame && set.has(target) ? pulls.filter(({ unit }) => set.has(unit)) : []
  const states = await pullStates(inSet.map(({ unit }) => unit))
  const failed = new Set(
    states.filter(({ progress }) => progress === 'failed').map(({ unit }) => unit),
  )
  const kept = isSame || !isStaging ? pulls.filter(({ unit }) => !failed.has(unit)) : []
  const begun = inSet.filter(({ unit }) => !failed.has(unit))
  return {
    staging,
    timesResolvedAgain: last?.timesResolvedAgain,
    isSameStaging: isSame,
    isStaging,
    pinsTags: role !== 'booted',
    begun: new Set(begun.map(({ boundImage }) => boundImage.identity)),
    knowledge: new Map(
      kept.map(({ boundImage: { identity, digest } }) => [
        identity,
        last?.knowledge.get(identity) ?? { digest },
      ]),
    ),
    lastDigests: new Map(
      [...(last?.knowledge ?? [])].flatMap(([identity, { digest }]) =>
        digest === undefined ? [] : [[identity, digest]],
      ),
    ),
  }
}
