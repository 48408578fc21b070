/** Picks podman's last error out of the lines it printed. */
export function parseLastError(output: string): string | undefined {
  const errors = output.split('\n').filter(line => line.startsWith('Error: '))
  return errors.at(-1)?.replace(/^Error: /u, '')
}
