import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import { formatBytes } from '../plan/disk-space.ts'
import { formatTable } from '../text/format-table.ts'
import { printable } from '../text/printable.ts'
import { printableJson } from '../text/printable-json.ts'
import type { OnlineImage } from './check-online.ts'
import { formatFinding, formatGithubCommand } from './format-finding.ts'
import type { LocatedFinding } from './locate-finding.ts'

/** What check has found, to be printed. */
export interface Report {
  readonly specs: readonly BoundImageSpec[]
  readonly findings: readonly LocatedFinding[]
  /** Undefined if they were not asked. */
  readonly registries?: readonly OnlineImage[] | undefined
  /** The directories that were read for specs. */
  readonly directories: readonly string[]
}

/** Raised when a program that reads the output must change. */
const jsonVersion = 1

/** The formats of `check --format`. */
export const formats: Readonly<Record<'text' | 'json' | 'github', (report: Report) => string>> = {
  json: ({ specs, findings, registries }) =>
    `${printableJson({ version: jsonVersion, images: specs.map(imageOf), registries: registries?.map(answerOf), findings })}\n`,
  text: report => {
    const { findings, registries } = report
    return [
      ...findings.map(finding => `${formatFinding(finding)}\n`),
      registries === undefined ? '' : formatImages(registries),
      ...summary(report).map(line => `${line}\n`),
    ].join('')
  },
  // Every line is a command, so that no text of a root can be one.
  github: report =>
    [...report.findings, ...summary(report).map(reason => ({ severity: 'note' as const, reason }))]
      .map(finding => `${formatGithubCommand(finding)}\n`)
      .join(''),
}

function imageOf({ entry, file, boundImage: { image, name } }: BoundImageSpec) {
  return { entry, file, image, name }
}

/** null says that a number is not known, where a missing key could be a mistake. */
function answerOf(image: OnlineImage) {
  return { ...image, presentBytes: image.presentBytes ?? null }
}

function summary({ specs, findings, directories }: Report): readonly string[] {
  const count = (wanted: LocatedFinding['severity']) =>
    findings.filter(({ severity }) => severity === wanted).length
  return [
    ...(specs.length === 0 ? [`No bound image in ${directories.join(', ')}.`] : []),
    `Bound images: ${specs.length}, errors: ${count('error')}, warnings: ${count('warning')}`,
  ]
}

function formatImages(images: readonly OnlineImage[]): string {
  return formatTable([
    ['IMAGE', 'ARCHITECTURE', 'SIZE', 'ALREADY HERE'],
    ...images.map(({ image, architecture, bytes, presentBytes }) => [
      image,
      printable(architecture),
      formatBytes(bytes),
      presentBytes === undefined ? '-' : formatBytes(presentBytes),
    ]),
  ])
}
