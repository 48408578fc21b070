import { printable } from '../text/printable.ts'
import type { LocatedFinding } from './locate-finding.ts'

/**
 * Formats a finding as one line, `FILE:LINE: severity: KEY=: reason (remedy)`, which editors can jump to (GNU coding
 * standards: Formatting Error Messages). Names the entry if that led to the file.
 */
export function formatFinding(finding: LocatedFinding): string {
  const { path = 'bootc-bound-images', line, severity } = finding
  const place = line === undefined ? path : `${path}:${line}`
  return printable(`${place}: ${severity}: ${messageOf(finding)}`)
}

const commands = { error: 'error', warning: 'warning', note: 'notice' } as const

/**
 * Formats a finding as a workflow command of GitHub, which shows it at the line of the file (GitHub: Workflow commands
 * for GitHub Actions; actions/toolkit: packages/core/src/command.ts, escapeData and escapeProperty).
 */
export function formatGithubCommand(finding: LocatedFinding): string {
  const { path, line, severity } = finding
  const properties = [
    ...(path === undefined ? [] : [`file=${escapeProperty(printable(path))}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    'title=bootc-bound-images',
  ]
  return `::${commands[severity]} ${properties.join(',')}::${escapeData(printable(messageOf(finding)))}`
}

function messageOf({ entry, file, key, reason, remedy }: LocatedFinding): string {
  const isElsewhere = file !== undefined && entry !== undefined && file !== `/${entry}`
  return [
    key === undefined ? '' : `${key}=: `,
    reason,
    remedy === undefined ? '' : ` (${remedy})`,
    isElsewhere ? ` [read for ${entry}]` : '',
  ].join('')
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
