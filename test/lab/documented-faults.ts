import { readFileSync } from 'node:fs'

/** A row of docs/faults.md. */
export interface DocumentedFault {
  readonly name: string
  /** What `status` says, piece by piece. */
  readonly says: readonly string[]
}

/** Reads the table below a heading of docs/faults.md. */
export function readDocumentedFaults(heading: string): readonly DocumentedFault[] {
  const document = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')
  const section = document.split(/^## /mu).find(text => text.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`docs/faults.md has no heading ${heading}`)
  return section
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => {
      const [name = '', , says = ''] = line.split('|').slice(1)
      return { name: codeIn(name).join(), says: codeIn(says) }
    })
}

function codeIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/gu)].map(([, code]) => code ?? '')
}
