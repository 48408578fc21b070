import { median, spread } from '../measuring.ts'

/** A network. */
export interface Condition {
  readonly latencyMs: number
  /** Undefined for as much as the machine has. */
  readonly megabytesPerSecond?: number
}

/** All runs of one peer with one workload in one network. */
export interface Result {
  readonly workload: string
  readonly condition: Condition
  readonly peer: string
  readonly seconds: readonly number[]
  /** Of layers and configurations, as the registry sent them. */
  readonly bytes: readonly number[]
  /** Of the layers that were missing, each once. */
  readonly missingBytes: number
}

/** What the machine does when it always does the same, before each measurement: its noise. */
export interface Noise {
  readonly seconds: readonly number[]
}

export function describeCondition({ latencyMs, megabytesPerSecond }: Condition): string {
  const bandwidth = megabytesPerSecond === undefined ? '' : `, ${megabytesPerSecond} MB/s`
  return `${latencyMs} ms${bandwidth}`
}

/** The results in the same workload and network. */
function beside(result: Result, results: readonly Result[]): readonly Result[] {
  return results.filter(
    ({ workload, condition }) =>
      workload === result.workload &&
      describeCondition(condition) === describeCondition(result.condition),
  )
}

/** A table for people, in Markdown. Times are ratios to the first peer; its own time is there to judge their weight. */
export function formatTable(results: readonly Result[], noise: Noise): string {
  const [first] = results
  const rows = results.map(result => {
    const own = beside(result, results).find(({ peer }) => peer === first?.peer)
    const ratio = median(result.seconds) / median(own?.seconds ?? [])
    const bytes =
      result.missingBytes === 0
        ? `${median(result.bytes)} B`
        : (median(result.bytes) / result.missingBytes).toFixed(2)
    return [
      result.workload,
      describeCondition(result.condition),
      result.peer,
      ratio.toFixed(2),
      `${median(result.seconds).toFixed(1)} s ± ${(50 * spread(result.seconds)).toFixed(0)} %`,
      bytes,
    ]
  })
  const head = ['workload', 'network', 'peer', 'time', 'seconds', 'bytes / missing']
  const runs = Math.max(...results.map(({ seconds }) => seconds.length))
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    `\nTime: the median of ${runs} runs, as a ratio to that of ${first?.peer}; ± half of the range of the runs.\n`,
    `Bytes: of layers and configurations, the median of the runs, by the log of the registry.\n`,
    `Only the images of ${first?.peer} are written out to the disk when its time ends.\n`,
    'The network delays each answer of the registry, which speaks plain HTTP; it does not delay connections.\n',
    `Noise: the same work of a processor, done before each measurement, took ${(1000 * median(noise.seconds)).toFixed(0)} ms`,
    ` ± ${(50 * median(inTurn(noise.seconds, noiseRuns).map(spread))).toFixed(0)} % in ${noiseRuns} in a row.\n`,
  ].join('')
}

/** As many as `make bench` has runs, so that the noise can be held against the spread of those. */
const noiseRuns = 3

/** The values in groups of so many. */
function inTurn(values: readonly number[], size: number): readonly (readonly number[])[] {
  return Array.from({ length: Math.floor(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  )
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`
}

const [barHeight, left, width] = [16, 330, 500]
const colours = ['#1b6ca8', '#888888', '#bbbbbb', '#d9a441', '#7a9e59', '#a05195']

/** The times in one network as bars, by workload. */
export function plotTimes(results: readonly Result[], condition: Condition): string {
  const shown = results.filter(
    result => describeCondition(result.condition) === describeCondition(condition),
  )
  const most = Math.max(...shown.flatMap(({ seconds }) => seconds))
  const peers = [...new Set(shown.map(({ peer }) => peer))]
  let y = 40
  const parts: string[] = []
  for (const workload of new Set(shown.map(result => result.workload))) {
    parts.push(text(10, y + 12, workload, 'font-weight="bold"'))
    y += 20
    for (const result of shown.filter(each => each.workload === workload)) {
      const [low, middle, high] = [
        Math.min(...result.seconds),
        median(result.seconds),
        Math.max(...result.seconds),
      ].map(seconds => left + (width * seconds) / most)
      parts.push(
        text(20, y + 12, result.peer),
        `<rect x="${left}" y="${y}" width="${(middle ?? 0) - left}" height="${barHeight - 3}" fill="${colours[peers.indexOf(result.peer)]}"/>`,
        `<line x1="${low}" x2="${high}" y1="${y + 6}" y2="${y + 6}" stroke="black"/>`,
        text(left + width + 10, y + 12, `${median(result.seconds).toFixed(1)} s`),
      )
      y += barHeight
    }
    y += 8
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 80}" height="${y}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${text(10, 20, `Time to pull, ${describeCondition(condition)} for an answer: median, and the range of the runs`, 'font-size="14"')}
${parts.join('\n')}
</svg>
`
}

function text(x: number, y: number, words: string, attributes = ''): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" ${attributes}>${escaped}</text>`
}
