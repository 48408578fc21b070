// journalctl. Failure policy: the journal only explains; when it cannot be read, there is no
// explanation.
import { execa } from 'execa'
import { parseLastError } from './parse-last-error.ts'

/**
 * The last error that the program of a unit printed in this boot, without podman's prefixes.
 *
 * @returns undefined when there is none
 */
export async function lastError(unit: string): Promise<string | undefined> {
  const { stdout, failed } = await execa(
    'journalctl',
    ['--quiet', '--boot', '--output=cat', '--lines=50', `_SYSTEMD_UNIT=${unit}`],
    { timeout: 10_000, reject: false },
  )
  if (failed) return undefined
  return parseLastError(stdout)
}
