import { basename } from 'node:path'
import {
  containersDirectories,
  credentialsDirectory,
  hostRoot,
  runtimeDirectory,
} from '../directories.ts'
import { planAgain } from '../request/request.ts'
import { isRecordWhole } from '../state/deployment-records.ts'
import { writeKnowledge } from '../state/knowledge-file.ts'
import { removeOtherFiles } from '../state/private-files.ts'
import { suspectPulls } from '../state/unfinished-pulls.ts'
import { readCurrentSet } from '../state/unit-sets.ts'
import { isFloating } from '../bound-images/is-floating.ts'
import { unaskedFacts } from '../request/own-facts.ts'
import type { NextDeployment } from '../request/next-deployment.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import { areAllPresent, findImages } from '../survey/find-images.ts'
import { completeDeployment } from '../tags/record-deployment.ts'
import { stagingKey } from '../request/staging-key.ts'
import type { Staging } from './stage.ts'

/**
 * Stages a deployment that needs nothing done, as most updates do: each of its images is named by its digest and is
 * there, and no units of an earlier staging have to go. That takes one question to podman, none to systemd, and no
 * network.
 *
 * @param warn takes a line for people
 * @returns undefined when there may be something to do
 */
export function stageAllPresent(
  next: NextDeployment,
  warn: (line: string) => void,
): Staging | undefined {
  const isQuiet =
    readCurrentSet(runtimeDirectory).length === 0 &&
    suspectPulls().length === 0 &&
    isRecordWhole(basename(deploymentDirectory(hostRoot, hostRoot)))
  if (!isQuiet) return undefined
  const { facts, warnings } = unaskedFacts()
  const first = readNextRequest(next, facts)
  const images = first.specs.map(({ boundImage }) => boundImage)
  if (first.problems.length > 0 || images.some(isFloating)) return undefined
  const found = findImages(first, facts)
  if (!areAllPresent(found)) return undefined
  for (const warning of warnings) warn(warning)
  const knowledge = new Map(images.map(({ identity }) => [identity, { isPresent: true }]))
  const request = planAgain(first, facts.settings, knowledge)
  writeKnowledge({ deployment: request.name, staging: stagingKey(next.standing), knowledge })
  completeDeployment(request, found)
  removeOtherFiles([credentialsDirectory, containersDirectories], [])
  return { standing: next.standing, request, refusal: undefined, facts }
}
