/** Formats a table, with two spaces between columns. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
  return rows
    .map(
      row =>
        `${row
          .map((cell, column) => cell.padEnd(Number(widths[column])))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
