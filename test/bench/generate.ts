// How long the generator takes, and how much memory, beside Quadlet on the same files: from 1 to 10,000
// specs, on a tmpfs, each run a fresh process with an empty environment. Absolute times say something
// about this machine only; what counts are the ratios.
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { formatRows, makeRoot, median, run, spread, type Measurement } from './measuring.ts'

const sizes = [1, 10, 100, 1000, 10_000]
const runs = 5
const [rootfs, tmpfs] = process.argv.slice(2)
if (rootfs === undefined || tmpfs === undefined) throw new Error('usage: generate ROOTFS TMPFS')
const product = join(import.meta.dirname, '../../dist/generate.cjs')

const program = join(tmpfs, 'generate.cjs')
cpSync(product, program)
mkdirSync(join(rootfs, 'mnt'), { recursive: true })
const quadletOutput = join(tmpfs, 'quadlet')
const ownOutput = join(tmpfs, 'own')
const runQuadlet = (directory: string) =>
  run(quadletOutput, [
    'chroot',
    rootfs,
    'env',
    `QUADLET_UNIT_DIRS=${directory}`,
    '/usr/libexec/podman/quadlet',
    '-no-kmsg-log',
    '/mnt/quadlet',
  ])
mkdirSync(join(tmpfs, 'empty'))
const emptyNode: Measurement[] = []
const emptyQuadlet: Measurement[] = []

const rows: string[][] = []
for (const size of sizes) {
  const root = makeRoot(join(tmpfs, 'root'), size)
  const own: Measurement[] = []
  const quadlet: Measurement[] = []
  // Alternating, so that a slow moment of the machine hits all.
  for (let index = 0; index < runs; index++) {
    emptyNode.push(run(ownOutput, ['node', '-e', '0']))
    emptyQuadlet.push(runQuadlet('/mnt/empty'))
    own.push(run(ownOutput, ['node', program, '--root', root, ownOutput]))
    quadlet.push(runQuadlet('/mnt/root/usr/share/containers/systemd'))
  }
  const made = readdirSync(ownOutput).filter(name => name.startsWith('bootc-pending-')).length
  const theirs = readdirSync(quadletOutput).filter(name => name.endsWith('.service')).length
  if (made !== size || theirs !== size) throw new Error(`${size} specs gave ${made} and ${theirs}`)
  const seconds = median(own.map(each => each.seconds))
  const startless = seconds - median(emptyNode.slice(-runs).map(each => each.seconds))
  const memory = median(own.map(each => each.mebibytes))
  const quadletSeconds = median(quadlet.map(each => each.seconds))
  const quadletStartless =
    quadletSeconds - median(emptyQuadlet.slice(-runs).map(each => each.seconds))
  rows.push([
    String(size),
    (seconds / quadletSeconds).toFixed(2),
    ((startless * 1e6) / size).toFixed(0),
    ((quadletStartless * 1e6) / size).toFixed(0),
    memory.toFixed(0),
    median(quadlet.map(each => each.mebibytes)).toFixed(0),
    `${(100 * spread(own.map(each => each.seconds))).toFixed(0)} %`,
  ])
}

const header = [
  'specs',
  'time / Quadlet',
  'µs per spec',
  'Quadlet µs per spec',
  'MiB',
  'Quadlet MiB',
  'spread of runs',
]
process.stdout.write(formatRows([header, ...rows]))
process.stdout.write(
  `µs per spec: without ${milliseconds(emptyNode)} ms for an empty Node and ${milliseconds(emptyQuadlet)} ms for Quadlet without a file; median of ${runs} runs each\n`,
)

function milliseconds(measurements: readonly Measurement[]): string {
  return (1000 * median(measurements.map(each => each.seconds))).toFixed(0)
}
