import { readlinkSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'

const link = join(runtimeDirectory, 'root')

/** Remembers a root that a deploy tool named before ostree knows of it, so that its pulls go on. */
export function rememberRequestedRoot(root: string): void {
  const next = `${link}.next`
  rmSync(next, { force: true })
  symlinkSync(root, next)
  renameSync(next, link)
}

/** The remembered root, as long as it exists. */
export function requestedRoot(): string | undefined {
  return statSync(link, { throwIfNoEntry: false })?.isDirectory() === true
    ? readlinkSync(link)
    : undefined
}

export function forgetRequestedRoot(): void {
  rmSync(link, { force: true })
}
