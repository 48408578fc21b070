import { execa } from 'execa'
import { backend } from '../backend.ts'
import { boundImages, imageSpec } from '../bound-images.ts'
import type { Host } from '../lab.ts'
import { damagedImages } from './damaged-images.ts'
import type { Blow, RunPlan } from './draw-run.ts'
import { pullByHand } from './hand-pull.ts'
import { type ImagePlan, pushImages } from './images.ts'
import { leftovers, storeFaults } from './leftovers.ts'
import { strike, waitForPulls } from './strike.ts'
import type { Subject, Version } from './subject.ts'

/** What became of one run. */
export interface Outcome {
  readonly plan: RunPlan
  /** Of each blow that was needed, the version that was booted afterwards. */
  readonly booted: readonly ('old' | 'new' | 'old, the blow came too late')[]
  /** A line for each promise that was broken. */
  readonly violations: readonly string[]
  /** What systemd and the product said on a host that broke a promise. */
  readonly journal: string
}

/**
 * Stages the next version and strikes, until all blows are spent or the host is on the next version. Then
 * the next version must be there, or get there by staging it again.
 *
 * @param prepare is done before a version is staged that is to be struck
 */
export async function run(
  subject: Subject,
  plan: RunPlan,
  prepare = async () => {},
): Promise<Outcome> {
  const { host, version: old } = subject
  const booted: Outcome['booted'][number][] = []
  const violations: string[] = []
  const check = async (when: string, find: Promise<readonly string[]>) =>
    violations.push(...(await find).map(line => `${when}: ${line}`))
  try {
    const byHand = plan.byHand && (await pushImages(subject.registry, plan.byHand.images))
    const others = byHand?.map(({ reference }) => reference) ?? []
    const next = await publish(subject, `next-${plan.seed}`, plan.images)
    await subject.settle()
    for (const blow of plan.blows) {
      if (host.bootedVersion() !== old.name) break
      await prepare()
      await (plan.byHand ? pullByHand(host, others, plan.byHand) : host.stage(next.name))
      const struck = await strike(subject, blow)
      subject.makeRoom()
      const recorded = new Set(subject.recordedImages())
      await host.boot()
      const isNew = host.bootedVersion() === next.name
      booted.push(isNew ? 'new' : struck ? 'old' : 'old, the blow came too late')
      const safe = next.images.filter(({ reference }) => isNew || recorded.has(reference))
      const images = new Set([...old.images, ...safe])
      const when = `after the blow, on the ${isNew ? 'new' : 'old'} version`
      if (!host.bootableVersions().includes(old.name))
        violations.push(`${when}: the old deployment cannot be booted`)
      await check(when, damagedImages(host, [...images]))
      await check(when, leftovers(host))
      // what pulls lose with the power is not looked for before the next one
      if (isNew || blow.victim !== 'power') await check(when, storeFaults(host))
      if (!isNew && mustSucceed(blow))
        violations.push(`${when}: the killed pull was not tried again`)
    }
    if (host.bootedVersion() === old.name) {
      await check('staging again', stageAgain(host, next))
      if (host.bootedVersion() === next.name) {
        await check('after staging again', damagedImages(host, [...old.images, ...next.images]))
        // what is damaged of images of others is left to them
        await removeImages(
          host,
          others.filter(other => !isOneOf(next.images, other)),
        )
        await check('after staging again', leftovers(host))
        await check('after staging again', storeFaults(host))
      }
    }
    if (plan.rollback && host.bootedVersion() === next.name) {
      await check('rollback', rollBack(host, old))
      await check('after the rollback', damagedImages(host, old.images))
      await check('after the rollback', leftovers(host))
    }
    subject.version = host.bootedVersion() === next.name ? next : old
    await removeOthers(subject, [...old.images, ...next.images])
  } catch (error) {
    violations.push(error instanceof Error ? error.message : String(error))
  }
  const journal = violations.length > 0 ? await readJournal(subject) : ''
  return { plan, booted, violations, journal }
}

/** Pushes the images and commits the version that brings them. */
export async function publish(
  { host, registry, version }: Subject,
  name: string,
  plans: readonly ImagePlan[],
): Promise<Version> {
  const images = await pushImages(registry, plans)
  const specs = plans.map(image => [`${image.name}.image`, imageSpec(registry, `${image.name}:1`)])
  await host.commit(name, boundImages(Object.fromEntries(specs)))
  const own = version.images.filter(({ reference }) => reference.endsWith('/own:1'))
  return { name, images: [...own, ...images] }
}

/** Nothing but a pull was killed, and there was time to try again. */
function mustSucceed({ victim, shutdown }: Blow): boolean {
  return victim === 'podman' && shutdown === undefined
}

/** Nothing is in its way now: the version is staged, pulled and booted. */
export async function stageAgain(host: Host, next: Version): Promise<readonly string[]> {
  await host.stage(next.name)
  const { exitCode } = await waitForPulls(host)
  const status = async () => (await host.run('bootc-bound-images status 2>&1')).stdout
  if (exitCode !== 0) return [`the pulls failed:\n${await status()}`]
  await host.shutdown()
  await host.boot()
  return host.bootedVersion() === next.name ? [] : [`it was refused:\n${await status()}`]
}

async function rollBack(host: Host, old: Version): Promise<readonly string[]> {
  await host.rollback()
  await host.shutdown()
  await host.boot()
  return host.bootedVersion() === old.name ? [] : [`${host.bootedVersion()} was booted`]
}

async function readJournal({ host }: Subject): Promise<string> {
  const { all } = await execa(
    'journalctl',
    [
      `--directory=${host.var}/log/journal`,
      '--no-hostname',
      '--output=short-iso-precise',
      '--unit=bootc-*',
      `--unit=${backend.finalizer}`,
    ],
    { all: true, reject: false },
  )
  return all
}

/** Keeps the store as small as it was. */
async function removeOthers({ host, version }: Subject, all: Version['images']): Promise<void> {
  const rest = all.map(({ reference }) => reference)
  await removeImages(
    host,
    rest.filter(reference => !isOneOf(version.images, reference)),
  )
}

function isOneOf(images: Version['images'], name: string): boolean {
  return images.some(({ reference }) => reference === name)
}

async function removeImages(host: Host, names: readonly string[]): Promise<void> {
  if (names.length > 0) await host.run(`podman image rm --ignore ${[...new Set(names)].join(' ')}`)
}
