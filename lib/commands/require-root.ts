/** podman would look at the wrong store, and systemd would refuse, for anybody else. */
export function requireRoot(): void {
  if (process.geteuid?.() !== 0)
    throw new Error('run this as root: it looks at the images of the system')
}
