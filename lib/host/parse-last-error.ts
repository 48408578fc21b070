/**
 * Finds the last error in the journal of a unit, from podman or from systemd.
 *
 * @returns undefined if there is none
 */
export function parseLastError(output: string): string | undefined {
  return output.split('\n').map(errorIn).findLast(Boolean)
}

function errorIn(line: string): string | undefined {
  const [, error] = /^Error: (.+)/u.exec(line) ?? []
  if (error !== undefined) return error
  if (/: start(?:-post)? operation timed out/u.test(line))
    return 'the attempt timed out (PullTimeoutSec=)'
  const [, program, reason] = /: Failed at step \S+ spawning (\S+): (.+)/u.exec(line) ?? []
  return reason === undefined ? undefined : `starting ${program}: ${reason}`
}
