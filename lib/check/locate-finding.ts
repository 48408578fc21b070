import { basename, dirname, join, relative } from 'node:path'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import type { Finding } from './finding.ts'

/** A finding with the path of its file on this machine. */
export interface LocatedFinding extends Finding {
  /** What an editor can open: the root as it was given, then the path in it, with links resolved within the root. */
  readonly path?: string
}

/**
 * Says where the file of a finding is on this machine.
 *
 * @param given the root as the user wrote it, so that paths stay relative to the working directory if it is
 * @param root the same without links
 */
export function locateFinding(
  files: DeploymentFiles,
  { given, root }: { readonly given: string; readonly root: string },
  finding: Finding,
): LocatedFinding {
  const location = locationOf(files, root, finding)
  if (location === undefined) return finding
  return { ...finding, path: join(given, relative(root, location)) }
}

/** By file and line, so that everything about a file is together. */
export function byPlace(a: LocatedFinding, b: LocatedFinding): number {
  const [first = '', second = ''] = [a.path, b.path]
  return first === second ? (a.line ?? 0) - (b.line ?? 0) : first < second ? -1 : 1
}

/** An entry itself is a link; a finding about the file that it leads to names that file. */
function locationOf(
  files: DeploymentFiles,
  root: string,
  { entry, file }: Finding,
): string | undefined {
  if (file !== undefined) return files.follow(file)?.location ?? inRoot(files, root, file)
  return entry === undefined ? undefined : inRoot(files, root, `/${entry}`)
}

/** Location of a path whose last component may be a link, or missing. */
function inRoot(files: DeploymentFiles, root: string, path: string): string {
  const parent = files.find(dirname(path), 'directory')
  return join(parent ?? join(root, dirname(path)), basename(path))
}
