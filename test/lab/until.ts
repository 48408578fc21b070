import type { Host } from './host.ts'

/**
 * Waits on a host until a bash command succeeds.
 *
 * @throws Error when it has not within so many seconds
 */
export async function until(host: Host, command: string, seconds = 20): Promise<void> {
  const { exitCode } = await host.run(
    `for i in $(seq ${seconds * 10}); do { ${command}\n} >/dev/null 2>&1 && exit; sleep 0.1; done; exit 1`,
  )
  if (exitCode !== 0) throw new Error(`${host.name}: not within ${seconds} s: ${command}`)
}

/** Succeeds while a pull is carried out. */
export const isPulling = 'pgrep -f "image [p]ull"'
