import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { planPulls, type Plan } from './plan/plan-pulls.ts'
import { renderUnits, type HostFacts, type UnitText } from './render/render-units.ts'
import { findAuthFile } from './root/find-auth-file.ts'
import type { SpecProblem } from './spec/fault.ts'
import { readBoundImages } from './spec/read-bound-images.ts'

/** What a root asks for: the plan, and the specs that could not be used. */
export interface Request {
  readonly root: string
  readonly plan: Plan
  readonly problems: readonly SpecProblem[]
}

/**
 * Reads the bound-image specs of a root and decides the pulls.
 *
 * @throws Error when there is no operating system: a wrong directory must not pass for one that has
 * no bound images
 */
export function readRequest(root: string): Request {
  if (statSync(join(root, 'usr'), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`${root} is not the root of a deployment: it has no directory usr`)
  const { specs, problems } = readBoundImages(root)
  return { root, plan: planPulls(basename(root), specs), problems }
}

/** Renders the units for what a root asks for; `hostRoot` is `/`, or what stands for it. */
export function generate(
  { root, plan }: Request,
  facts: HostFacts,
  hostRoot: string,
): readonly UnitText[] {
  return renderUnits(plan, facts, path => authFileArgument(root, hostRoot, path))
}

/**
 * What podman is told about an `AuthFile=`. A file that is nowhere yet is named where an administrator
 * would put it. What is there but no regular file, like a device or a FIFO, must not be opened, so
 * podman gets a path below it, which cannot exist, and says so.
 */
function authFileArgument(root: string, hostRoot: string, path: string): string {
  const found = findAuthFile(root, hostRoot, path)
  if (found !== undefined) return found
  const stat = statSync(join(hostRoot, path), { throwIfNoEntry: false })
  return stat === undefined || stat.isFile() ? path : `${path}/is-not-a-regular-file`
}
