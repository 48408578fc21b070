// Turns the bound-image specs of a root into unit files, like a systemd generator and without starting a process. Only
// tests and benchmarks run this: staging uses lib/request/, and systemd runs the script beside this file. Failure
// policy: an unusable spec is reported and ignored, and the exit status is then 1.
import { readFileSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { readSettings } from '../lib/config/read-settings.ts'
import { describeError } from '../lib/text/describe-error.ts'
import { hostRoot } from '../lib/directories.ts'
import { planRequest } from '../lib/request/plan-request.ts'
import { readRequest } from '../lib/request/request.ts'
import { renderUnits } from '../lib/render/render-units.ts'
import { parseKnowledge } from '../lib/state/parse-knowledge.ts'
import { oldestPodman, type PodmanVersion } from '../lib/facts/podman-version.ts'
import { defaultStore, separateStore } from '../lib/facts/image-store.ts'
import { backendOf } from '../lib/backend/host-backend.ts'
import { describeProblem } from '../lib/text/fault.ts'
import { writeUnits } from '../lib/state/write-units.ts'

const usage = `Usage: generate [OPTION]... NORMAL-DIRECTORY [EARLY-DIRECTORY LATE-DIRECTORY]

Write the units that pull the bound images of a deployment into NORMAL-DIRECTORY.

  --root DIR             directory of the deployment; default: the staged one, if any
  --store DIR            root directory of podman's own image store
                         (default /var/lib/containers/storage); Store= comes first
  --systemd-version N    write what this version of systemd knows (default 252)
  --podman-version N.M   write what this version of podman knows (default 5.0)
  --knowledge FILE       what staging found out about the images (default: nothing)
  --help                 show this text
`

const oldestSystemd = 252

function main(): number {
  const { values, positionals } = readArguments()
  if (values.help === true) {
    process.stdout.write(usage)
    return 0
  }
  const [normalDirectory] = positionals
  if (normalDirectory === undefined || (positionals.length !== 1 && positionals.length !== 3))
    throw new UsageError(`expected 1 or 3 directories, got ${positionals.length}`)
  const systemdVersion = Number(values['systemd-version'] ?? oldestSystemd)
  if (!Number.isInteger(systemdVersion))
    throw new UsageError(`--systemd-version ${values['systemd-version']} is not a number`)
  const podmanVersion = readVersion(values['podman-version'] ?? oldestPodman.join('.'))

  const root = values.root === undefined ? stagedRoot() : realpathSync(values.root)
  if (root === undefined) return 0
  const { settings } = readSettings(hostRoot)
  const knowledge =
    values.knowledge === undefined
      ? undefined
      : parseKnowledge(readFileSync(values.knowledge, 'utf8'), basename(root))?.knowledge
  const request = readRequest(root, { hostRoot, podmanVersion })
  const plan = planRequest(request, settings, knowledge)
  const facts = {
    systemdVersion,
    podmanVersion,
    settings,
    imageStore:
      settings.store === undefined
        ? { ...defaultStore, ...(values.store === undefined ? {} : { directory: values.store }) }
        : separateStore(settings.store),
    temporaryDirectory: '/var/tmp',
    libraryDirectory: import.meta.dirname,
  }
  writeUnits(normalDirectory, renderUnits(plan, facts, request.containersDirectory))
  const reports = request.problems.flatMap(describeProblem)
  for (const report of reports) process.stderr.write(`${report}, ignoring this spec\n`)
  return reports.length > 0 ? 1 : 0
}

function stagedRoot(): string | undefined {
  const backend = backendOf(hostRoot)
  const staged = backend.readStaged(hostRoot)
  return staged && backend.parseStaged(hostRoot, staged).root
}

class UsageError extends Error {}

function readVersion(text: string): PodmanVersion {
  const [, major, minor] = /^(\d+)\.(\d+)/u.exec(text) ?? []
  if (major === undefined || minor === undefined)
    throw new UsageError(`--podman-version ${text} is not a version like 5.4`)
  return [Number(major), Number(minor)]
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        root: { type: 'string' },
        store: { type: 'string' },
        'systemd-version': { type: 'string' },
        'podman-version': { type: 'string' },
        knowledge: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

try {
  process.exitCode = main()
} catch (error) {
  process.stderr.write(`bootc-bound-images generate: ${describeError(error)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
