/**
 * Picks the last error out of a unit's part of the journal: of podman, or of systemd about it.
 *
 * @returns undefined when there is none
 */
export function parseLastError(output: string): string | undefined {
  return output.split('\n').map(errorIn).findLast(Boolean)
}

function errorIn(line: string): string | undefined {
  const [, error] = /^Error: (.+)/u.exec(line) ?? []
  if (error !== undefined) return error
  if (/: start(?:-post)? operation timed out/u.test(line))
    return 'no end within the time limit of a try (PullTimeoutSec=)'
  const [, program, reason] = /: Failed at step \S+ spawning (\S+): (.+)/u.exec(line) ?? []
  return reason === undefined ? undefined : `starting ${program}: ${reason}`
}
