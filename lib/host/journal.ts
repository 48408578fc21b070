// journalctl. Failure policy: the journal only explains; when it cannot be read, there is no
// explanation.
import { execa } from 'execa'
import { parseLastError } from './parse-last-error.ts'

/**
 * The last error of a unit in this boot: what its program printed, without podman's prefix, or what systemd
 * says when it had to end it or could not start it.
 *
 * @returns undefined when there is none
 */
export async function lastError(unit: string): Promise<string | undefined> {
  const { stdout, failed } = await execa(
    'journalctl',
    ['--quiet', '--boot', '--output=cat', '--lines=100', `--unit=${unit}`],
    { timeout: 10_000, reject: false },
  )
  if (failed) return undefined
  return parseLastError(stdout)
}
