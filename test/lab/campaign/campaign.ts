import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Files, Lab } from '../lab.ts'
import { type Store, stores, type StoreName } from '../stores.ts'
import { Disks } from './disks.ts'
import { drawRun, type RunKind } from './draw-run.ts'
import { type Outcome, run } from './run.ts'
import { Subject, type SubjectOptions } from './subject.ts'

/** One kind of campaign; `withoutSync` takes every `sync -f` out of the product. */
export type Campaign =
  | { readonly kind: 'crash' }
  | {
      readonly kind: Exclude<RunKind, 'crash'>
      readonly store: StoreName
      readonly fileSystem?: 'xfs'
      readonly withoutSync?: boolean
    }

/** More do not make it faster on two cores. */
const atATime = 2

/**
 * Makes a run of each seed. Runs follow each other on the same hosts, because each leaves a host as it found
 * it; one that broke a promise is the last of its host.
 *
 * @param report takes each outcome as soon as it is known
 */
export async function runCampaign(
  lab: Lab,
  campaign: Campaign,
  seeds: readonly number[],
  report: (outcome: Outcome) => void,
): Promise<void> {
  const options = await subjectOptions(lab, campaign)
  const queue = seeds.values()
  const work = async () => {
    const registry = await lab.registry()
    let subject: Subject | undefined
    for (const seed of queue) {
      subject ??= await Subject.make(lab, registry, options)
      const outcome = await run(subject, drawRun(campaign.kind, seed))
      report(outcome)
      if (outcome.violations.length === 0) continue
      await subject.discard()
      subject = undefined
    }
    await subject?.discard()
  }
  await Promise.all(Array.from({ length: Math.min(atATime, seeds.length) }, work))
}

/** What a host of a campaign is made of. */
export async function subjectOptions(lab: Lab, campaign: Campaign): Promise<SubjectOptions> {
  if (!('store' in campaign)) return {}
  const { fileSystem, withoutSync } = campaign
  const store: Store = stores[campaign.store]
  const disks = { ...store.disks, ...(fileSystem ? { '': fileSystem } : {}) }
  return {
    disks: { shelf: await Disks.open(lab), store: { ...store, disks } },
    ...(withoutSync ? { v1: fileSystemsStayUnsynced(lab) } : {}),
  }
}

/** A sync(1) that does nothing for a whole file system, and what it always did for single files. */
function fileSystemsStayUnsynced(lab: Lab): Files {
  const program = `#!/bin/sh
case $1 in -f | --file-system) exit 0 ;; esac
exec /usr/lib/lab/sync "$@"
`
  return {
    'usr/bin/sync': { contents: program, mode: 0o755 },
    'usr/lib/lab/sync': { contents: readFileSync(join(lab.rootfs, 'usr/bin/sync')), mode: 0o755 },
  }
}
