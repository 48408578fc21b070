import { parseLastError } from './parse-last-error.ts'

/** How a process of podman failed. */
interface Failure {
  readonly timedOut: boolean
  /** Code of the system error that prevented or ended it, like `ENOENT`. */
  readonly code: string | undefined
  readonly stderr: string
  /** The message to use if podman has printed no error. */
  readonly shortMessage: string | undefined
}

/** Turns a failure into an error with a message of one line. */
export function podmanFailure(
  { timedOut, code, stderr, shortMessage }: Failure,
  args: readonly string[],
): Error {
  if (code === 'ENOENT') return new Error('podman is not installed, or not in PATH')
  const command = `podman ${args.filter(arg => /^[a-z]+$/u.test(arg)).join(' ')}`
  if (timedOut)
    return new Error(
      `${command} did not answer in time; another podman may hold the lock of its image store`,
    )
  return new Error(`${command}: ${parseLastError(stderr) ?? shortMessage}`)
}
