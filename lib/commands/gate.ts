import type { CommandModule } from 'yargs'
import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'
import { answerOnly, finalAnswer } from '../shutdown/answer-record.ts'
import { answer } from '../shutdown/answer.ts'
import { checkGate, checkWithoutImages } from '../shutdown/check-gate.ts'
import { lookAt } from '../shutdown/look.ts'
import { decideAtShutdown } from '../shutdown/decide.ts'
import { backendOf, requireKnownBackend } from '../backend/host-backend.ts'
import { openRoot } from '../host/open-root.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly root: string | undefined
  readonly merged: boolean
  readonly 'at-shutdown': boolean
}

export const gateCommand: CommandModule<object, Options> = {
  command: 'gate',
  describe: 'Say whether the staged deployment may become the default: exit 0 when it may',
  builder: parser =>
    parser
      .option('root', {
        type: 'string',
        requiresArg: true,
        describe: 'Directory of the deployment (default: the staged one)',
      })
      .option('merged', {
        type: 'boolean',
        default: false,
        describe: 'The deployment is finalized already: its /etc is what it will see',
      })
      .option('at-shutdown', {
        type: 'boolean',
        default: false,
        describe: 'Record the answer for the next boot',
      }),
  handler: async ({ root: givenRoot, merged, 'at-shutdown': isFinal }) => {
    requireRoot()
    if (isFinal && givenRoot === undefined) {
      if (!(await decideAtShutdown(line => process.stdout.write(`${line}\n`)))) process.exitCode = 1
      return
    }
    const backend = backendOf(hostRoot)
    const staged = backend.readStaged(hostRoot)
    const root = givenRoot ?? (staged && openRoot(backend.parseStaged(hostRoot, staged)))
    if (root === undefined) {
      requireKnownBackend(hostRoot)
      process.stdout.write('No deployment is staged.\n')
      return
    }
    if (isFinal && isHeldBack(root)) {
      process.stderr.write(
        `${root} is the root of the staged deployment, which the gate has not let pass: see bootc-bound-images status\n`,
      )
      process.exitCode = 1
      return
    }
    // A soft reboot has its own way to keep the running OS.
    const record = isFinal ? finalAnswer(root, () => {}) : answerOnly(root)
    const options = { isMerged: merged, isFinal }
    const mayPass = await answer(
      record,
      async settings =>
        checkWithoutImages(root, settings, options) ??
        checkGate(await lookAt(root, settings, merged), isFinal),
    )
    if (!mayPass) process.exitCode = 1
  },
}

/**
 * Whether a root that is to be booted next, without boot loader, is that of a deployment that the gate has refused in
 * this shutdown. So it is not finalized, and its /etc is not merged. With `Gate=off`, that is left to others.
 */
function isHeldBack(root: string): boolean {
  const backend = backendOf(hostRoot)
  const staged = backend.readStaged(hostRoot)
  if (staged === undefined || !backend.isLockOurs(hostRoot)) return false
  const { name } = backend.parseStaged(hostRoot, staged)
  return (
    backend.deploymentOf(hostRoot, root)?.name === name &&
    readSettings(hostRoot).settings.gate === 'require'
  )
}
