import type { DeploymentFiles } from '../root/deployment-files.ts'
import { readToml, tableIn } from '../root/read-toml.ts'
import { fields } from '../fields.ts'
import { Refusal } from '../text/fault.ts'

/** The keys of `[engine]` that concern a pull, and neither run a program nor say where podman writes. */
const pullKeys: ReadonlySet<string> = new Set([
  'cgroup_manager',
  'compression_format',
  'compression_level',
  'events_logger',
  'image_default_format',
  'image_default_transport',
  'image_parallel_copies',
  'image_volume_mode',
  'pull_policy',
  'retry',
  'retry_delay',
])

/**
 * Refuses a module with other settings than those of pulls and containers: the pull runs as root on the running host,
 * before anybody has booted the OS that the module belongs to. `env` of `[engine]` alone is enough to run a program of
 * that OS (containers.conf(5)).
 *
 * @param path in the deployment
 * @throws Refusal, also if the file cannot be read
 */
export function checkModule(files: DeploymentFiles, path: string): void {
  const module = readToml(files, path)
  for (const name of Object.keys(module)) {
    const table = name.toLowerCase()
    // No pull reads what is for containers.
    if (table === 'containers') continue
    if (table !== 'engine') throw notForPull(`[${name}]`, path)
    // podman finds a key in any case.
    for (const [key, value] of Object.entries(tableIn(module, name)))
      if (!pullKeys.has(key.toLowerCase()) && !setsProxies(key, value))
        throw notForPull(`${key} in [${name}]`, path)
  }
}

/** Whether `env` sets the variables of proxies and no others. */
function setsProxies(key: string, value: unknown): boolean {
  return (
    key.toLowerCase() === 'env' &&
    Array.isArray(value) &&
    value.every(each =>
      typeof each === 'string'
        ? /^(?:https?|no|all)_proxy=/iu.test(each)
        : // { append = true } adds to the values of other files, see containers.conf(5).
          Object.keys(fields(each)).join(' ') === 'append',
    )
  )
}

function notForPull(what: string, path: string): Refusal {
  return new Refusal(
    `${path} sets ${what}, which a pull for an OS that is not booted yet must not take over`,
    'move it to another module, or to containers.conf',
  )
}
