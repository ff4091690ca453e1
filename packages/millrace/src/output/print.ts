import type TableClass from 'cli-table3'
import { createRequire } from 'node:module'
import type { Terminal } from '../terminal.ts'
import { writeData } from '../terminal.ts'
import { styled } from './style.ts'

export type OutputFormat = 'table' | 'json' | 'ndjson'
export const outputFormats: readonly OutputFormat[] = ['table', 'json', 'ndjson']

/** A value as it stands in JSON output. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** One row: the same names in every row of a listing, in the order of its columns. */
export type Row = { readonly [name: string]: Json }

export interface Column {
  readonly name: string
  /** Heading in a table; the name in capitals where not said. */
  readonly title?: string
  readonly align?: 'left' | 'right'
}

/**
 * Prints rows in the shape asked for: `table` for people, `json` one array, `ndjson` one object a line. JSON carries
 * every field of a row, a table the columns named.
 */
export async function printRows(
  terminal: Terminal,
  format: OutputFormat,
  columns: readonly Column[],
  rows: readonly Row[],
): Promise<void> {
  if (format === 'json') return writeData(terminal, `${JSON.stringify(rows, null, 2)}\n`)
  if (format === 'ndjson') return writeData(terminal, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return writeData(terminal, `${withHeading(terminal, tableText(columns, rows))}\n`)
}

// Styled after it is laid out: the table would count the codes as width.
function withHeading(terminal: Terminal, table: string): string {
  const [heading = '', ...lines] = table.split('\n')
  return [styled(terminal, 'stdout', 'bold', heading), ...lines].join('\n')
}

const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Columns aligned by what they look like on a terminal (wide characters too), without lines, headings in capitals. */
export function tableText(columns: readonly Column[], rows: readonly Row[]): string {
  return linesOf(columns, rows)
    .map((line) => line.trimEnd())
    .join('\n')
}

// Letters that a terminal shows in one place each; what else there is (wide, combining) is measured with the table.
const plainText = /^[ -\u02ff\u0370-\u10ff\u2010-\u2027]*$/

/** How many places a text takes on a terminal. */
export function displayWidth(text: string): number {
  if (plainText.test(text)) return text.length
  // A heading is plain, and is filled up to the width of its column.
  return linesOf([{ name: 'text', title: 'x' }], [{ text }])[0]?.length ?? text.length
}

const require = createRequire(import.meta.url)

/** What stands above a column. */
export const headingOf = (column: Column): string => column.title ?? column.name.toUpperCase()

function linesOf(columns: readonly Column[], rows: readonly Row[]): string[] {
  // Loaded where a table is wanted: a broker's start and a Tab do without.
  const Table = require('cli-table3') as typeof TableClass
  const table = new Table({
    head: columns.map(headingOf),
    colAligns: columns.map((column) => column.align ?? 'left'),
    chars: noBorders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  })
  for (const row of rows) table.push(columns.map((column) => cell(row[column.name])))
  return table.toString().split('\n')
}

/** A value as it stands in a table. */
export function cell(value: Json | undefined): string {
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value)) return value.map((item) => cell(item as Json)).join(',')
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([name, item]) => `${name}=${cell(item)}`)
    .join(',')
}
