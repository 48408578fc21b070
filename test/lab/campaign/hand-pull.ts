import type { Host } from '../host.ts'
import type { ImagePlan } from './images.ts'
import type { Random } from './random.ts'

/** A pull that the product knows nothing of, so nobody syncs it. */
export interface HandPull {
  readonly images: readonly ImagePlan[]
  /** Whether another program syncs meanwhile: then the disk has names of files whose contents it lacks. */
  readonly syncs: boolean
}

/** Some of the images, or another one that has their layers. */
export function drawHandPull(
  random: Random,
  kind: 'hand' | 'hand-layer',
  images: readonly ImagePlan[],
): HandPull {
  const syncs = random.percent(60)
  if (kind === 'hand') return { images: images.slice(0, random.integer(1, images.length)), syncs }
  const name = `${images[0]?.name}-other`
  const layers = images[0]?.layers ?? []
  return { images: [{ name, layers: [...layers, { name, size: 'small', delayMs: 0 }] }], syncs }
}

/** Starts it; `waitForHand` waits for its end. */
export async function pullByHand(
  host: Host,
  references: readonly string[],
  { syncs }: HandPull,
): Promise<void> {
  const pull = references.map(name => `podman pull --quiet --tls-verify=false ${name}`).join(' && ')
  const sync = 'while sleep 0.2; do sync -f "$(podman info --format {{.Store.GraphRoot}})"; done'
  const { exitCode, stderr } = await host.run(
    `systemd-run --quiet --unit=by-hand --property=Type=oneshot --property=RemainAfterExit=yes --no-block \
       sh -c '${syncs ? `{ ${sync}; } & ` : ''}${pull}; status=$?; kill %1 2>/dev/null; exit $status'`,
  )
  if (exitCode !== 0) throw new Error(stderr)
}

export async function waitForHand(host: Host): Promise<void> {
  const { exitCode } = await host.run('systemctl start by-hand')
  if (exitCode !== 0) throw new Error((await host.run('journalctl -b -o cat -u by-hand')).stdout)
}
