// /run/bootc-bound-images/root: link to the root that stage --root got. Written by stage --root; read by all commands
// that look for the next deployment, and by boot.service; removed by stage once a deployment is staged. It counts as
// missing when the root is gone. Failure policy: every failure is an error.
import { readlinkSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'

const link = join(runtimeDirectory, 'root')

/** Remembers the root that a deploy tool gave before ostree knows about it, so that its pulls continue. */
export function rememberRequestedRoot(root: string): void {
  const next = `${link}.next`
  rmSync(next, { force: true })
  symlinkSync(root, next)
  renameSync(next, link)
}

/** @returns undefined if no root was given, or if it is gone */
export function requestedRoot(): string | undefined {
  // What was mounted there may be gone, and the directory not.
  return statSync(join(link, 'usr'), { throwIfNoEntry: false })?.isDirectory() === true
    ? readlinkSync(link)
    : undefined
}

export function forgetRequestedRoot(): void {
  rmSync(link, { force: true })
}
