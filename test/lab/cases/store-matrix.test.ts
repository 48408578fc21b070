// Updates of hosts with all kinds of image stores, as docs/stores.md says. UPDATE_DOCS=1 writes the table there. SEED=N
// cuts the power at other moments.
import t from 'tap'
import { seed } from '../../judges/seed.ts'
import { damagedImages } from '../campaign/damaged-images.ts'
import { Disks } from '../campaign/disks.ts'
import { drawRun } from '../campaign/draw-run.ts'
import type { ImagePlan } from '../campaign/images.ts'
import { describeRun } from '../campaign/report.ts'
import { publish, run } from '../campaign/run.ts'
import { Subject, type Version } from '../campaign/subject.ts'
import { backend, Lab } from '../lab.ts'
import { readTable, type Row, writeTable } from '../outcome-table.ts'
import { type Store, stores } from '../stores.ts'
import { hasLookedAtBoot, isRetrying, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const start = 'systemctl start bootc-bound-images.target'

/** What `status` says when the host stays on its old OS. */
const reasons: Readonly<Record<string, RegExp>> = {
  'the registry does not answer': /connection refused/u,
  'the disk takes no data': /to disk failed|input\/output error/u,
  'the store is not mounted': /not mounted at|is its file system unmounted/u,
}

/** Two images that share a layer. */
const images = (name: string): readonly ImagePlan[] => {
  const shared = { name: `${name}-shared`, size: 'many files', delayMs: 0 } as const
  const top = { name: `${name}-top`, size: 'big', delayMs: 300 } as const
  return [
    { name: `${name}-a`, layers: [shared] },
    { name: `${name}-b`, layers: [shared, top] },
  ]
}

/** A column of the table: what is done on a host, and how that ends. */
type Scenario = (subject: Subject, store: Store) => Promise<string>

const scenarios: Readonly<Record<string, Scenario>> = {
  'images present': async subject => {
    const next = await publish(subject, 'present', [])
    await subject.fillDisks()
    subject.registry.forget()
    await subject.host.stage(next.name)
    await subject.host.run(start)
    await subject.host.shutdown()
    const pulled = subject.registry.blobBytes > 10_000 ? ', a layer was pulled again' : ''
    return (await outcome(subject, next)) + pulled
  },
  update: async subject => {
    const next = await publish(subject, 'update', images('update'))
    await subject.fillDisks()
    await subject.host.stage(next.name)
    await subject.host.run(start)
    await subject.host.shutdown()
    return outcome(subject, next)
  },
  'reboot at once': async subject => {
    const next = await publish(subject, 'at-once', images('at-once'))
    await subject.fillDisks()
    const stage = backend.stageCommand(next.name)
    await subject.host.run(`${stage} && systemctl --no-block reboot`)
    await subject.host.untilOff()
    return outcome(subject, next)
  },
  'registry down': async subject => {
    const next = await publish(subject, 'down', images('down'))
    await subject.registry.stop()
    await subject.host.stage(next.name)
    await until(subject.host, isRetrying)
    await subject.host.shutdown()
    return outcome(subject, next)
  },
  'power cut': async (subject, store) => {
    const { blows, ...plan } = drawRun('power', seed + Object.values<Store>(stores).indexOf(store))
    const oneCut = { ...plan, blows: blows.slice(0, 1), rollback: false }
    t.comment(`${store.description}: ${describeRun(oneCut)}`)
    const { booted, violations, journal } = await run(subject, oneCut, () => subject.fillDisks())
    if (violations.length > 0) return `${violations.join('; ')}\n${journal}`
    return booted.length === 1 ? 'old or new OS, whole; then new OS' : 'no power was cut'
  },
}

/** Boots without a registry and says which OS that is, and what it lacks. */
async function outcome(subject: Subject, next: Version): Promise<string> {
  const { host, registry } = subject
  subject.makeRoom()
  await subject.forgetCache()
  if (registry.isOn) await registry.stop()
  await host.boot()
  await registry.start()
  // With a disk that comes late, this sets the tags.
  await until(host, hasLookedAtBoot)
  const isNew = host.bootedVersion() === next.name
  const damaged = await damagedImages(host, isNew ? next.images : subject.version.images)
  const { stdout } = await host.run('bootc-bound-images status')
  if (damaged.length > 0) return `${damaged.join('; ')}; ${stdout}`
  if (isNew) {
    subject.version = next
    return 'new OS'
  }
  const [reason] = Object.entries(reasons).find(([, pattern]) => pattern.test(stdout)) ?? []
  return `old OS: ${reason ?? stdout}`
}

const documented = readTable()
const nameOf = (row: Row) => row['store']?.replaceAll('`', '') ?? ''
const rows = new Map(documented.map(row => [nameOf(row), row]))
if (!process.env['UPDATE_DOCS'])
  t.strictSame([...rows.keys()], Object.keys(stores), 'docs/stores.md has all stores')

t.jobs = 2
for (const [name, store] of Object.entries<Store>(stores))
  t.test(name, { buffered: true }, async t => {
    const shelf = await Disks.open(lab)
    const subject = await Subject.make(lab, await lab.registry(), { disks: { shelf, store } })
    const outcomes: Record<string, string> = {}
    for (const [title, scenario] of Object.entries(scenarios)) {
      outcomes[title] = await scenario(subject, store)
      t.comment(`${name}, ${title}: ${outcomes[title]}`)
    }
    await subject.discard()
    const row = { store: `\`${name}\``, what: store.description, ...outcomes }
    if (!process.env['UPDATE_DOCS']) return t.strictSame(row, rows.get(name))
    rows.set(name, row)
    return writeTable(Object.keys(stores).map(each => rows.get(each) ?? { store: `\`${each}\`` }))
  })
