import { appendFileSync } from 'node:fs'
import { artifactLock, hostRoot, runtimeDirectory } from '../directories.ts'
import { artifactStore } from '../facts/image-store.ts'
import { setDamagedListAside } from '../host/artifact-store.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { planRequest } from '../request/plan-request.ts'
import type { Request } from '../request/request.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import { removeOtherKnowledge, writeKnowledge } from '../state/knowledge-file.ts'
import { writePrivateFiles } from '../state/private-files.ts'
import { unitStates } from '../host/systemctl.ts'
import { currentUnits } from '../state/unit-sets.ts'
import type { ImageKnowledge, Knowledge } from '../plan/knowledge.ts'
import type { PullFacts } from '../facts/facts.ts'
import type { NextDeployment } from '../request/next-deployment.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { backendOf } from '../backend/host-backend.ts'
import { recordRunning } from '../tags/settle-images.ts'
import { markWithoutRoom, type SpaceFacts } from './check-space.ts'
import { resolveImages } from './resolve-images.ts'
import { readEarlierStaging } from './earlier-staging.ts'

/** The request and the plan of a staging. */
export interface PlannedStaging {
  readonly request: Request
  readonly plan: Plan
  /** See `Resolution`. */
  readonly localFailure: string | undefined
  /** Whether it continues the pulls of the same staging of the deployment. */
  readonly isSameStaging: boolean
}

/**
 * Reads what a deployment asks for, and plans the pulls from the state of the image store, systemd and the registries.
 * Asks registries only about missing images and floating tags, and systemd only about units of an earlier staging.
 *
 * @param warn takes a line for people
 * @param maxSeconds timeout for the registries, if it is shorter than `ResolveTimeoutSec=`
 */
export async function planStaging(
  next: NextDeployment,
  facts: PullFacts & SpaceFacts,
  warn: (line: string) => void,
  maxSeconds = Infinity,
): Promise<PlannedStaging> {
  const request = readNextRequest(next, facts)
  // Some of them are credentials for the registries that are asked below.
  writePrivateFiles(request.privateFiles)
  const { staging, timesResolvedAgain, isSameStaging, ...earlier } = await readEarlierStaging(
    request.name,
    planAsStaged(request, facts.settings),
    next.role,
  )
  if (earlier.isStaging) await recordRunning(facts)
  await prepareArtifacts(request, facts, warn)
  const seconds = Math.min(facts.settings.resolveTimeoutSec, maxSeconds)
  const resolution = await resolveImages(request, earlier, facts, seconds, warn)
  const { localFailure } = resolution
  const underWay = await pullsUnderWay(request, resolution.knowledge, facts)
  // Within one staging, pulls that have begun keep their order.
  const ordered =
    earlier.begun.size > 0
      ? resolution.knowledge
      : withMarks(resolution.knowledge, underWay, { isPulling: true })
  const { pulls } = planRequest(request, facts.settings, ordered)
  // Running pulls take the space that they are judged by.
  const knowledge =
    underWay.size > 0
      ? withoutRoomAsBefore(ordered, earlier.knowledge)
      : markWithoutRoom(
          pulls.filter(({ isNeeded }) => isNeeded),
          ordered,
          localFailure,
          facts,
        )
  writeKnowledge({ deployment: request.name, staging, timesResolvedAgain, knowledge })
  const names = backendOf(hostRoot)
    .deployments(hostRoot)
    .map(({ name }) => name)
  removeOtherKnowledge([request.name, ...names])
  return {
    request,
    plan: planRequest(request, facts.settings, knowledge),
    localFailure,
    isSameStaging,
  }
}

/** Prepares pulls of artifacts: podman makes none if its list of them is damaged, and the pulls cannot make their lock. */
async function prepareArtifacts(
  { specs }: Request,
  facts: SpaceFacts,
  warn: (line: string) => void,
): Promise<void> {
  if (!specs.some(({ boundImage }) => boundImage.isArtifact)) return
  appendFileSync(artifactLock, '', { mode: 0o600 })
  const aside = await setDamagedListAside(artifactStore(facts))
  if (aside !== undefined)
    warn(`podman's list of artifacts was damaged: it is ${aside} now, and they are pulled again`)
}

/** Identities of the images whose pulls, of this staging or an earlier one, are still running. */
async function pullsUnderWay(
  request: Request,
  knowledge: Knowledge,
  { settings }: PullFacts,
): Promise<ReadonlySet<string>> {
  const set = currentUnits(runtimeDirectory)
  const { pulls } = planRequest(request, settings, knowledge)
  const states = await unitStates(pulls.map(({ unit }) => unit).filter(unit => set.has(unit)))
  const running = new Set(
    states.filter(({ active }) => active === 'activating').map(({ unit }) => unit),
  )
  const pulled = pulls.filter(({ unit }) => running.has(unit))
  return new Set(pulled.map(({ boundImage: { identity } }) => identity))
}

function withMarks(
  knowledge: Knowledge,
  identities: Iterable<string>,
  mark: Partial<ImageKnowledge>,
): Knowledge {
  const marked = [...identities].map(
    identity => [identity, { ...knowledge.get(identity), ...mark }] as const,
  )
  return new Map([...knowledge, ...marked])
}

/** Leaves out the images that were left out before. */
function withoutRoomAsBefore(knowledge: Knowledge, before: Knowledge): Knowledge {
  return new Map(
    [...knowledge].map(([identity, known]) => {
      const noRoom = known.isPresent ? undefined : before.get(identity)?.noRoom
      return [identity, noRoom === undefined ? known : { ...known, noRoom }]
    }),
  )
}
