// How long the generator takes, and how much memory, beside Quadlet on the same files: from 1 to 10,000
// specs, on a tmpfs, each run a fresh process with an empty environment. Absolute times say something
// about this machine only; what counts are the ratios.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const sizes = [1, 10, 100, 1000, 10_000]
const runs = 5
const [rootfs, tmpfs] = process.argv.slice(2)
if (rootfs === undefined || tmpfs === undefined) throw new Error('usage: generate ROOTFS TMPFS')
const product = join(import.meta.dirname, '../../dist/generate')
const measure = join(import.meta.dirname, 'measure')

interface Measurement {
  readonly seconds: number
  readonly mebibytes: number
}

/** Files for both: Quadlet reads its directory, the generator the links to it. */
function makeRoot(size: number): string {
  const root = join(tmpfs ?? '', 'root')
  rmSync(root, { recursive: true, force: true })
  const quadlets = join(root, 'usr/share/containers/systemd')
  const links = join(root, 'usr/lib/bootc/bound-images.d')
  mkdirSync(quadlets, { recursive: true })
  mkdirSync(links, { recursive: true })
  for (let index = 0; index < size; index++) {
    const name = `image-${index}.image`
    const text = `[Unit]\nDescription=Image ${index}\n\n[Image]\nImage=registry.example.com/shop/image-${index}:1\nTLSVerify=true\n`
    writeFileSync(join(quadlets, name), text)
    symlinkSync(`/usr/share/containers/systemd/${name}`, join(links, name))
  }
  return root
}

function run(output: string, command: readonly string[]): Measurement {
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output)
  const result = join(tmpfs ?? '', 'result')
  const path = process.env['PATH'] ?? '/usr/bin:/bin'
  const { status, stderr } = spawnSync(measure, [result, 'env', '-i', `PATH=${path}`, ...command], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  const [seconds = NaN, kibibytes = NaN] = readFileSync(result, 'utf8').split(' ').map(Number)
  return { seconds, mebibytes: kibibytes / 1024 }
}

/** The median: a run that another process disturbed does not count. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

const spread = (values: readonly number[]) =>
  (Math.max(...values) - Math.min(...values)) / median(values)

// The program stands where Node takes it for CommonJS, as when it is installed.
const program = join(tmpfs, 'generate')
cpSync(product, program)
mkdirSync(join(rootfs, 'mnt'), { recursive: true })
const quadletOutput = join(tmpfs, 'quadlet')
const ownOutput = join(tmpfs, 'own')
const emptyNode = Array.from({ length: runs }, () => run(ownOutput, ['node', '-e', '0']))

const rows: string[][] = []
for (const size of sizes) {
  const root = makeRoot(size)
  const own: Measurement[] = []
  const quadlet: Measurement[] = []
  // Alternating, so that a slow moment of the machine hits both.
  for (let index = 0; index < runs; index++) {
    own.push(run(ownOutput, ['node', program, '--root', root, ownOutput]))
    quadlet.push(
      run(quadletOutput, [
        'chroot',
        rootfs,
        'env',
        'QUADLET_UNIT_DIRS=/mnt/root/usr/share/containers/systemd',
        '/usr/libexec/podman/quadlet',
        '-no-kmsg-log',
        '/mnt/quadlet',
      ]),
    )
  }
  const made = readdirSync(ownOutput).filter(name => name.startsWith('bootc-pending-')).length
  const theirs = readdirSync(quadletOutput).filter(name => name.endsWith('.service')).length
  if (made !== size || theirs !== size) throw new Error(`${size} specs gave ${made} and ${theirs}`)
  const seconds = median(own.map(each => each.seconds))
  const start = median(emptyNode.map(each => each.seconds))
  const memory = median(own.map(each => each.mebibytes))
  const quadletSeconds = median(quadlet.map(each => each.seconds))
  rows.push([
    String(size),
    (seconds / quadletSeconds).toFixed(2),
    ((seconds - start) / quadletSeconds).toFixed(2),
    (((seconds - start) * 1e6) / size).toFixed(0),
    ((quadletSeconds * 1e6) / size).toFixed(0),
    memory.toFixed(0),
    median(quadlet.map(each => each.mebibytes)).toFixed(0),
    `${(100 * spread(own.map(each => each.seconds))).toFixed(0)} %`,
  ])
}

const header = [
  'specs',
  'time / Quadlet',
  'without start of Node',
  'µs per spec',
  'Quadlet µs per spec',
  'MiB',
  'Quadlet MiB',
  'spread of runs',
]
const table = [header, ...rows]
const widths = header.map((_, column) => Math.max(...table.map(row => row[column]?.length ?? 0)))
for (const row of table)
  process.stdout.write(
    `${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')}\n`,
  )
process.stdout.write(
  `start of an empty Node: ${(median(emptyNode.map(each => each.seconds)) * 1000).toFixed(0)} ms; median of ${runs} runs each\n`,
)
