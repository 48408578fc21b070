// journalctl. Failure policy: the journal only explains errors; if it cannot be read, there is no explanation.
import { execa } from 'execa'
import { parseLastError } from './parse-last-error.ts'

/**
 * Reads the last error of a unit in this boot: the message of its program, without podman's prefix, or that of systemd
 * about a timeout or a program that it could not start.
 *
 * @returns undefined if there is none
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
