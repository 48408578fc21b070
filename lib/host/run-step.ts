// Runs the commands of a pull without its pending unit. Failure policy: the result says whether a command failed; its
// output goes to our own.
import { execa } from 'execa'
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
