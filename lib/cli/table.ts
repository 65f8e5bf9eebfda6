/**
 * Rows in aligned columns, two blanks between them, each line indented. The last column is as long as it likes.
 * Widths are counted before colours are put on: `paint` gets a cell's text as it is padded.
 */
export function tableLines(
  rows: readonly (readonly string[])[],
  indent = 0,
  paint: (text: string, row: number, column: number) => string = (text) => text,
): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row, at) => {
    const cells = row.map((cell, column) =>
      paint(column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0), at, column),
    )
    return `${' '.repeat(indent)}${cells.join('  ')}`.trimEnd()
  })
}
