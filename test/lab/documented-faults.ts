import { readFileSync } from 'node:fs'

/** A row of docs/faults.md. */
export interface DocumentedFault {
  readonly name: string
  /** What `status` says, piece by piece. */
  readonly says: readonly string[]
  /** How often a pull that meets it is tried; undefined for as often as `RetryLimit=` says. */
  readonly tries: number | undefined
}

/** Reads the table below a heading of docs/faults.md. */
export function readDocumentedFaults(heading: string): readonly DocumentedFault[] {
  const document = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')
  const section = document.split(/^## /mu).find(text => text.startsWith(`${heading}\n`))
  const [titles, , ...rows] = (section ?? '')
    .split('\n')
    .filter(line => line.startsWith('| '))
    .map(line => line.split('|').slice(1, -1))
  return rows.map(row => {
    const cell = (title: string) =>
      row[titles?.findIndex(text => text.trim() === title) ?? -1]?.trim() ?? ''
    return {
      name: codeIn(cell('name')).join(),
      says: codeIn(cell('`status` says')),
      tries: /^\d+$/u.test(cell('tries')) ? Number(cell('tries')) : undefined,
    }
  })
}

function codeIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/gu)].map(([, code]) => code ?? '')
}
