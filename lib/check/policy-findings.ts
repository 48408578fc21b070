import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { describeError } from '../text/describe-error.ts'
import { placeOf, type Finding } from './finding.ts'
import { parsePolicy, rejectingScope, type Policy } from './policy.ts'

/** The first that exists counts. podman 6 has the second one (containers-policy.json(5)). */
const paths = ['/etc/containers/policy.json', '/usr/share/containers/policy.json']

const maxBytes = 1024 * 1024

/** Errors of bound images that policy.json of the root rejects. What it says about signatures is not checked. */
export function policyFindings(
  files: DeploymentFiles,
  specs: readonly BoundImageSpec[],
): readonly Finding[] {
  const path = paths.find(each => files.follow(each) !== undefined)
  if (path === undefined) return []
  let policy: Policy
  try {
    policy = parsePolicy(files.read(path, maxBytes).toString())
  } catch (error) {
    const reason = describeError(error)
    return [
      {
        severity: 'error',
        entry: path.slice(1),
        file: path,
        line: lineIn(reason),
        reason: `podman pulls no image at all: ${reason}`,
        remedy: 'correct the file, see containers-policy.json(5)',
      },
    ]
  }
  return specs.flatMap((spec): readonly Finding[] => {
    const { image } = spec.boundImage
    const scope = rejectingScope(policy, image)
    if (scope === undefined) return []
    const reason = `${image} cannot be pulled: ${path} rejects it (${scope})`
    const remedy = 'allow it there, or name another image'
    return [{ severity: 'error', ...placeOf(spec), reason, remedy }]
  })
}

/** V8 names the line of a syntax error, unless the text ends too early. */
function lineIn(message: string): number | undefined {
  const line = /\(line (\d+) column \d+\)$/u.exec(message)?.[1]
  return line === undefined ? undefined : Number(line)
}
