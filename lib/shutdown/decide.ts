import type { Backend } from '../backend/backend.ts'
import { hostRoot } from '../directories.ts'
import { isShuttingDown } from '../host/systemctl.ts'
import { backendOf } from '../backend/host-backend.ts'
import { openRoot } from '../host/open-root.ts'
import { letPass } from '../state/gate-pass.ts'
import { tryToNameImages } from '../tags/name-images.ts'
import { tryToRecord } from '../tags/record-deployment.ts'
import { describeError } from '../text/describe-error.ts'
import { answer, settingsOrRefusal } from './answer.ts'
import { checkGate, checkWithoutImages, type Verdict } from './check-gate.ts'
import { finalAnswer } from './answer-record.ts'
import { flush } from './flush.ts'
import { lookAt, type Look } from './look.ts'

/** Maximum number of deployments that may be staged one after the other during one shutdown. */
const maxRounds = 5

/**
 * At shutdown, while network and file systems are still there: pulls what the staged deployment lacks, and lets it pass
 * if all is on disk. Decides again if another deployment was staged meanwhile. Leaves a deployment that is locked, and a
 * stop without a shutdown, alone.
 *
 * @param report takes a line for people
 * @returns whether nothing was refused
 */
export async function decideAtShutdown(report: (line: string) => void): Promise<boolean> {
  if (!(await isShuttingDown())) {
    report('This is no shutdown: nothing is pulled, and the staged deployment does not pass.')
    return true
  }
  const backend = backendOf(hostRoot)
  for (let round = 1; round <= maxRounds; round++) {
    const staged = backend.readStaged(hostRoot)
    if (staged === undefined) return true
    if (backend.isLocked(hostRoot)) {
      report('The staged deployment is locked, so this shutdown does not finalize it.')
      return true
    }
    const mayPass = await decideOnce(backend, staged, report)
    if (backend.readStaged(hostRoot)?.equals(staged) === true) return mayPass
    report('The staged deployment has changed meanwhile.')
  }
  return false
}

async function decideOnce(
  backend: Backend,
  staged: Buffer,
  report: (line: string) => void,
): Promise<boolean> {
  // The guard locks too. This holds even if somebody has masked the guard.
  backend.takeLock(hostRoot)
  const deployment = backend.parseStaged(hostRoot, staged)
  const record = finalAnswer(deployment.root, () => {
    letPass(staged)
    backend.removeOurLock(hostRoot)
  })
  const settings = settingsOrRefusal(record)
  const isOff = settings.gate === 'off'
  // Not held back even if this process is killed.
  if (isOff) record.passed()
  let verdict: Verdict | undefined
  let flushed: Look | undefined
  const look = async () => flushed ?? lookAt(openRoot(deployment), settings, false)
  try {
    const options = { isMerged: false, isFinal: true }
    verdict = checkWithoutImages(openRoot(deployment), settings, options)
    if (verdict === undefined && settings.flushTimeoutSec > 0)
      flushed = await flush(openRoot(deployment), report)
    // It boots in any case, and needs the names of the images that are present.
    if (verdict === undefined && isOff) {
      const { request, plan, facts, found } = await look()
      await tryToNameImages(plan, found, facts)
      tryToRecord(request.name, plan, found)
    }
  } catch (error) {
    report(`pulling what is missing: ${describeError(error)}`)
  }
  return answer(record, async () => verdict ?? checkGate(await look(), true))
}
