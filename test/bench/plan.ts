// What it costs to plan many pulls whose layers are known, beside starts of podman: of 100 to 4,000 images, on a tmpfs,
// each run a fresh process with an empty environment.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readRequest } from '../../lib/request/request.ts'
import { formatKnowledge } from '../../lib/state/parse-knowledge.ts'
import { formatRows, makeRoot, median, run, spread } from './measuring.ts'

const sizes = [100, 500, 1000, 2000, 4000]
const runs = 5
const podmanStarts = 20
const [rootfs, tmpfs] = process.argv.slice(2)
if (rootfs === undefined || tmpfs === undefined) throw new Error('usage: plan ROOTFS TMPFS')
const program = join(tmpfs, 'generate.cjs')
cpSync(join(import.meta.dirname, '../../dist/generate.cjs'), program)
mkdirSync(join(rootfs, 'mnt'), { recursive: true })
const output = join(tmpfs, 'own')

const layer = (name: string, bytes: number) => ({
  digest: `sha256:${name.padStart(64, '0')}`,
  bytes,
})

/** What staging finds out: each image has one of twenty bases, one of two hundred runtimes and a layer of its own. */
function makeKnowledge(root: string): string {
  const { specs } = readRequest(root, {
    hostRoot: undefined,
    podmanVersion: [5, 4],
  })
  const knowledge = new Map(
    specs.map(({ boundImage: { identity } }, index) => [
      identity,
      {
        digest: `sha256:${String(index).padStart(64, '0')}`,
        layers: [
          layer(`a${index % 20}`, 40_000_000),
          layer(`b${index % 200}`, 20_000_000),
          layer(`c${index}`, 1_000_000 + index),
        ],
      },
    ]),
  )
  const file = join(tmpfs ?? '', 'knowledge.json')
  writeFileSync(file, formatKnowledge({ deployment: basename(root), staging: 'bench', knowledge }))
  return file
}

const rows: string[][] = []
for (const size of sizes) {
  const root = makeRoot(join(tmpfs, 'root'), size)
  const knowledge = makeKnowledge(root)
  const own: ReturnType<typeof run>[] = []
  const podman: ReturnType<typeof run>[] = []
  const starts = `for start in $(seq ${podmanStarts}); do podman --version; done`
  for (let index = 0; index < runs; index++) {
    own.push(run(output, ['node', program, '--root', root, '--knowledge', knowledge, output]))
    podman.push(run(join(tmpfs, 'podman'), ['chroot', rootfs, 'sh', '-c', starts]))
  }
  const units = readdirSync(output).filter(name => name.endsWith('-image.service'))
  if (units.length !== size) throw new Error(`${size} specs gave ${units.length} units`)
  const waiting = units.filter(name =>
    /^After=bootc-pending-/mu.test(readFileSync(join(output, name), 'utf8')),
  )
  const seconds = median(own.map(each => each.seconds))
  rows.push([
    String(size),
    String(waiting.length),
    (seconds / median(podman.map(each => each.seconds))).toFixed(2),
    median(own.map(each => each.mebibytes)).toFixed(0),
    `${(100 * spread(own.map(each => each.seconds))).toFixed(0)} %`,
  ])
}
process.stdout.write(
  formatRows([
    [
      'images',
      'that wait for another',
      `time / ${podmanStarts} starts of podman`,
      'MiB',
      'spread of runs',
    ],
    ...rows,
  ]),
)
