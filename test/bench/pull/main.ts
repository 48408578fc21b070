// How long pulling takes and how many bytes it downloads, beside what else pulls images, in the same run. Absolute
// times say something about this machine only; what counts are the ratios.
// The time for an answer is added by the proxy in front of the registry; the bandwidth is limited by tc.
import { execa } from 'execa'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type Host, Lab, type Registry } from '../../lab/lab.ts'
import { measureNothingToDo } from './nothing-to-do.ts'
import { peers, reset, type Peer } from './peers.ts'
import { describeCondition, formatTable, plotTimes, type Condition, type Result } from './report.ts'
import { makeWorkloads, missingBytes, type Workload } from './workloads.ts'

const conditions: readonly Condition[] = [
  { latencyMs: 20 },
  { latencyMs: 200 },
  { latencyMs: 20, megabytesPerSecond: 10 },
]
const runs = Number(process.env['RUNS'] ?? 3)
const only = process.env['ONLY'] ?? ''
const workloads = [...makeWorkloads().entries()].filter(([, { name }]) => name.includes(only))
if (!(Number.isInteger(runs) && runs > 0)) throw new Error('RUNS is a whole number from 1')
if (workloads.length === 0) throw new Error(`ONLY: no workload has "${only}" in its name`)

const lab = await Lab.open()
const results: Result[] = []
const noise: number[] = []
try {
  const registry = await lab.registry()
  const host = await lab.host()
  process.stdout.write(await measureNothingToDo(host, registry))
  for (const [number, workload] of workloads) {
    const references = workload.images.map(
      (_, index) => `${registry.address}/w${number}-${index}:1`,
    )
    // Those that do not move are pushed once.
    await push(registry, references, workload.images)
    for (const condition of conditions) {
      const measured = peers.map(peer => ({ peer, seconds: [] as number[], bytes: [] as number[] }))
      // Alternating, so that a slow moment of the machine hits all, and each time another one begins.
      for (let run = 0; run < runs; run++)
        for (const { peer, seconds, bytes } of rotated(measured, run)) {
          const result = await measure(host, registry, peer, references, workload, condition)
          seconds.push(result.seconds)
          bytes.push(result.bytes)
        }
      for (const { peer, seconds, bytes } of measured)
        results.push({
          workload: workload.name,
          condition,
          peer: peer.name,
          seconds,
          bytes,
          missingBytes: missingBytes(workload),
        })
      process.stderr.write(`${workload.name}, ${describeCondition(condition)}: done\n`)
    }
    // A run takes long, and one that is ended early is not for nothing.
    writeReports()
  }
} finally {
  await limit(undefined)
  await lab.close()
}
process.stdout.write(formatTable(results, { seconds: noise }))

function writeReports(): void {
  writeFileSync('dist/bench-pull.md', formatTable(results, { seconds: noise }))
  writeFileSync('dist/bench-pull.json', `${JSON.stringify({ noise, results }, undefined, 2)}\n`)
  for (const [index, condition] of conditions.entries())
    writeFileSync(`dist/bench-pull-${index + 1}.svg`, plotTimes(results, condition))
}

async function push(
  registry: Registry,
  references: readonly string[],
  images: Workload['images'],
): Promise<void> {
  for (const [index, layers] of images.entries()) {
    const name = references[index]?.replace(`${registry.address}/`, '') ?? ''
    await registry.push(name, { layers })
  }
}

async function measure(
  host: Host,
  registry: Registry,
  peer: Peer,
  references: readonly string[],
  { before, images }: Workload,
  { latencyMs, megabytesPerSecond }: Condition,
) {
  registry.heal()
  await limit(undefined)
  await host.run(reset)
  await must(host, '[ -z "$(podman image list --all --quiet)" ]')
  // The same names, which then move.
  if (before.length > 0) {
    await push(registry, references, before)
    await must(host, `${peer.prepare(references)}\n${peer.pull(references)}`)
    await push(registry, references, images)
  }
  await must(host, peer.prepare(references))
  // What was written so far is written out by nobody's clock.
  await must(host, 'sync -f /var/lib/containers')
  noise.push(sameWork())
  if (latencyMs > 0) registry.fail({ match: '', delayMs: latencyMs })
  await limit(megabytesPerSecond)
  registry.forget()
  const begin = process.hrtime.bigint()
  await must(host, peer.pull(references))
  const result = { seconds: secondsSince(begin), bytes: registry.blobBytes }
  await must(host, references.map(reference => `podman image exists ${reference}`).join(' && '))
  return result
}

function rotated<T>(all: readonly T[], by: number): readonly T[] {
  const start = by % all.length
  return [...all.slice(start), ...all.slice(0, start)]
}

async function must(host: Host, script: string): Promise<void> {
  const { exitCode, stdout, stderr } = await host.run(script, { timeoutMs: 600_000 })
  if (exitCode !== 0) throw new Error(`${script}\n${stdout}\n${stderr}`)
}

/** What one processor needs for the same work each time, in seconds. */
function sameWork(): number {
  const begin = process.hrtime.bigint()
  createHash('sha256').update(Buffer.alloc(50_000_000)).digest()
  return secondsSince(begin)
}

function secondsSince(begin: bigint): number {
  return Number(process.hrtime.bigint() - begin) / 1e9
}

/** Everything on the lab's loopback; a body passes it twice, from the registry and from its proxy. */
async function limit(megabytesPerSecond: number | undefined): Promise<void> {
  await execa('tc', ['qdisc', 'del', 'dev', 'lo', 'root'], { reject: false })
  if (megabytesPerSecond === undefined) return
  const rate = `${megabytesPerSecond * 2 * 8}mbit`
  const tbf = ['tbf', 'rate', rate, 'burst', '256kb', 'latency', '400ms']
  await execa('tc', ['qdisc', 'add', 'dev', 'lo', 'root', ...tbf])
}
