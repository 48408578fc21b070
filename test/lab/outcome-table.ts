import { readFileSync, writeFileSync } from 'node:fs'

const page = new URL('../../docs/stores.md', import.meta.url)

/** What is in a row of the table of docs/stores.md: title of its column -> text. */
export type Row = Readonly<Record<string, string>>

/** Reads the table. */
export function readTable(): readonly Row[] {
  const [titles = [], , ...rows] = linesOfTable(readPage()).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
  return rows.map(row => Object.fromEntries(titles.map((title, at) => [title, row[at] ?? ''])))
}

/** Writes the table as prettier does. */
export function writeTable(rows: readonly Row[]): void {
  const text = readPage()
  const titles = [...new Set(rows.flatMap(row => Object.keys(row)))]
  const cells = [
    titles,
    ...rows.map(row => titles.map(title => (row[title] ?? '').replaceAll('\n', ' '))),
  ]
  const widths = titles.map((_, at) => Math.max(...cells.map(row => row[at]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const [head = '', ...body] = cells.map(line)
  const rule = `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`
  writeFileSync(page, text.replace(linesOfTable(text).join('\n'), [head, rule, ...body].join('\n')))
}

function readPage(): string {
  return readFileSync(page, 'utf8')
}

function linesOfTable(text: string): readonly string[] {
  return text.split('\n').filter(line => line.startsWith('|'))
}
