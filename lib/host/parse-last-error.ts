import { shorten } from '../text/shorten.ts'

/**
 * Finds the last error in the journal of a unit, from podman or from systemd. Part of it can be what a registry says, of
 * any length.
 *
 * @returns undefined if there is none
 */
export function parseLastError(output: string): string | undefined {
  const error = output.split('\n').map(errorIn).findLast(Boolean)
  return error && shorten(error)
}

function errorIn(line: string): string | undefined {
  const [, error] = /^Error: (.+)/u.exec(line) ?? []
  if (error !== undefined) return error
  if (/: start(?:-post)? operation timed out/u.test(line))
    return 'the attempt timed out (PullTimeoutSec=)'
  const [, program, reason] = /: Failed at step \S+ spawning (\S+): (.+)/u.exec(line) ?? []
  return reason === undefined ? undefined : `starting ${program}: ${reason}`
}
