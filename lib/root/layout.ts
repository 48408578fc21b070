import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { backendOf } from '../backend/host-backend.ts'
import { hasTransientEtc } from './has-transient-etc.ts'
import { placeInEtc } from './merged-etc.ts'
import type { Place } from './resolve-in-root.ts'

/** Maps paths of a deployment to this machine. Paths have no leading slash. */
export interface Layout {
  /** The running system, or the root itself if it is read without a host. */
  readonly host: string
  /** Whether the root is the running system, whose /run counts. The reboot empties /run for every other root. */
  readonly isRunning: boolean
  readonly place: Place
  /** Every directory on this machine that may contain entries of a directory. */
  readonly copies: (directory: string) => readonly string[]
}

/**
 * /run, /sysroot and /var come from the host. /etc is merged from three trees, unless the root already has its own: the
 * running system itself, a deployment that was never staged or is finalized, or a root that is read without a
 * host, as in an image build.
 *
 * A staged deployment also has an /etc, but until finalization that is a copy of what it ships (ostree:
 * src/libostree/ostree-sysroot-deploy.c, prepare_deployment_etc; bootc: crates/lib/src/bootc_composefs/state.rs).
 *
 * @param hostRoot the running system, `/` or a directory that stands for it
 * @param isMerged whether /etc of the root is already what the deployment will see
 */
export function layoutOf(
  root: string,
  hostRoot: string | undefined,
  { isMerged = false }: { readonly isMerged?: boolean | undefined } = {},
): Layout {
  const finalEtc = (merged: string) => {
    const etc = hasEntries(merged) ? merged : join(root, 'usr/etc')
    return (below: string) => [join(etc, below)]
  }
  if (hostRoot === undefined)
    return layout({ root, host: root, isRunning: true }, finalEtc(join(root, 'etc')))
  const backend = backendOf(hostRoot)
  const isRunning = backend.isRunning(hostRoot, root)
  const places = { root, host: hostRoot, isRunning }
  if (!isRunning && hasTransientEtc(root, backend))
    return layout(places, below => [join(backend.shippedEtc(root), below)])
  if (isMerged || isRunning) return layout(places, finalEtc(backend.finalizedEtc(hostRoot, root)))
  const trees = { ...backend.runningEtc(hostRoot), next: backend.shippedEtc(root) }
  return layout(
    places,
    below => [join(trees.local, below), join(trees.next, below)],
    below => placeInEtc(trees, below),
  )
}

function layout(
  { root, host, isRunning }: Pick<Layout, 'host' | 'isRunning'> & { readonly root: string },
  etcCopies: (below: string) => readonly string[],
  etcPlace: Place = below => etcCopies(below)[0],
): Layout {
  const elsewhere = (path: string) =>
    join(/^(?:run|sysroot|var)(?:\/|$)/u.test(path) ? host : root, path)
  return {
    host,
    isRunning,
    place: path => (isEtc(path) ? etcPlace(belowEtc(path)) : elsewhere(path)),
    copies: path => (isEtc(path) ? etcCopies(belowEtc(path)) : [elsewhere(path)]),
  }
}

function isEtc(path: string): boolean {
  return /^etc(?:\/|$)/u.test(path)
}

function belowEtc(path: string): string {
  return path.replace(/^etc\/*/u, '')
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function hasEntries(path: string): boolean {
  return isDirectory(path) && readdirSync(path).length > 0
}
