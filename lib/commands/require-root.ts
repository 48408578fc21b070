/** Fails unless run by root. For other users, podman would use another store, and systemd would deny access. */
export function requireRoot(): void {
  if (process.geteuid?.() !== 0)
    throw new Error('run this as root: it looks at the images of the system')
}
