// The commands of a pull, run in the place of its pending unit. Failure policy: a step that fails is an
// answer; what it prints goes where our own output goes.
import { execa } from 'execa'
import { timeLeft } from './time-left.ts'
import { withContainersDirectory } from './with-containers-directory.ts'

interface StepOptions {
  /** Until then it may run, in milliseconds since 1970. */
  readonly deadline?: number
  /** See `withContainersDirectory`. */
  readonly containersDirectory?: string | undefined
  /** Added to our own. */
  readonly environment?: Readonly<Record<string, string>>
}

/** @returns whether it succeeded in time */
export async function runStep(
  command: readonly string[],
  { deadline, containersDirectory, environment = {} }: StepOptions = {},
): Promise<boolean> {
  const [program, ...args] = withContainersDirectory(containersDirectory, command)
  const timeout = deadline === undefined ? 0 : timeLeft(deadline)
  const { failed } = await execa(program, args, {
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
    env: environment,
    ...(timeout === 0 ? {} : { timeout }),
  })
  return !failed
}
