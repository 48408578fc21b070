import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import { backendOf } from '../backend/host-backend.ts'
import { forgetRefusal, recordRefusal, type GateRefusal } from '../state/gate-refusal.ts'

/** What the answer of the gate leads to. */
export interface AnswerRecord {
  /** Name of the deployment for people. */
  readonly deployment: string
  /** Whether the deployment becomes the default now, or not. */
  readonly isFinal: boolean
  readonly refused: (why: Pick<GateRefusal, 'error' | 'images'>) => void
  readonly passed: () => void
}

/** An answer for a person: it leads to nothing. */
export function answerOnly(root: string): AnswerRecord {
  return { deployment: nameOf(root), isFinal: false, refused: () => {}, passed: () => {} }
}

/**
 * The answer of a shutdown, which the next boot reports. Until there is one, it is a refusal: the gate may be killed.
 *
 * @param pass lets the deployment become the default
 */
export function finalAnswer(root: string, pass: () => void): AnswerRecord {
  const deployment = nameOf(root)
  const refused: AnswerRecord['refused'] = ({ error, images }) =>
    recordRefusal({ deployment, running: nameOf(hostRoot), error, images })
  refused({ error: 'the gate was stopped before it had looked at every image', images: [] })
  const passed = () => {
    pass()
    forgetRefusal()
  }
  return { deployment, isFinal: true, refused, passed }
}

function nameOf(root: string): string {
  return backendOf(hostRoot).deploymentOf(hostRoot, root)?.name ?? basename(root)
}
