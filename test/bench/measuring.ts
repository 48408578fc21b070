import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const measure = join(import.meta.dirname, 'measure')

export interface Measurement {
  readonly seconds: number
  readonly mebibytes: number
}

/** Files for Quadlet and for the generator: the one reads its directory, the other the links to it. */
export function makeRoot(root: string, size: number): string {
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

/**
 * Runs a command with an empty environment and measures it.
 *
 * @param output directory that is made anew for it
 */
export function run(output: string, command: readonly string[]): Measurement {
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output)
  const result = `${output}.result`
  const path = process.env['PATH'] ?? '/usr/bin:/bin'
  const { status, stderr } = spawnSync(measure, [result, 'env', '-i', `PATH=${path}`, ...command], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  const [seconds = NaN, kibibytes = NaN] = readFileSync(result, 'utf8').split(' ').map(Number)
  return { seconds, mebibytes: kibibytes / 1024 }
}

/** The median: a run that another process disturbed does not count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted.length - 1, sorted.length].map(twice => sorted[Math.floor(twice / 2)])
  return ((low ?? NaN) + (high ?? NaN)) / 2
}

/** How far the runs lie apart, as a share of the median. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values)
}

/** Lines of a table; the first row is its header. */
export function formatRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map(row => row[column]?.length ?? 0)),
  )
  return rows
    .map(row => `${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')}\n`)
    .join('')
}
