// Runs the commands of a pull without its pending unit. Failure policy: the result says why a command failed; its
// output goes to our own.
import { basename } from 'node:path'
import { execa } from 'execa'
import { parseLastError } from './parse-last-error.ts'
import { timeLeft } from './time-left.ts'
import { withContainersDirectory } from './with-containers-directory.ts'

interface StepOptions {
  /** In milliseconds since 1970. */
  readonly deadline?: number
  /** See `withContainersDirectory`. */
  readonly containersDirectory?: string | undefined
  /** Variables to add to our own environment. */
  readonly environment?: Readonly<Record<string, string>>
}

/** @returns why it failed; undefined if it succeeded in time */
export async function runStep(
  command: readonly string[],
  { deadline, containersDirectory, environment = {} }: StepOptions = {},
): Promise<string | undefined> {
  const [program, ...args] = withContainersDirectory(containersDirectory, command)
  const timeout = deadline === undefined ? 0 : timeLeft(deadline)
  const { failed, timedOut, stderr } = await execa(program, args, {
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: ['inherit', 'pipe'],
    reject: false,
    env: environment,
    ...(timeout === 0 ? {} : { timeout }),
  })
  if (!failed) return undefined
  return timedOut
    ? `${basename(program)} did not end in time`
    : (parseLastError(stderr) ?? `${basename(program)} failed and gave no reason`)
}
