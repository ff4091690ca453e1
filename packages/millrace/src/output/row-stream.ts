import type { Terminal } from '../terminal.ts'
import { writeData } from '../terminal.ts'
import type { Column, OutputFormat, Row } from './print.ts'
import { columnWidths, tableTextOf } from './print.ts'
import { styled } from './style.ts'

// A table's columns are as wide as the rows so far needed; only what is printed together is sure to be aligned.
const rowsTogether = 500

/** Rows without end, printed as they come and in bounded memory: a table, one JSON array, or one object a line. */
export class RowStream {
  readonly #terminal: Terminal
  readonly #format: OutputFormat
  readonly #columns: readonly Column[]
  #waiting: Row[] = []
  #widths: readonly number[] | undefined
  #count = 0

  constructor(terminal: Terminal, format: OutputFormat, columns: readonly Column[]) {
    this.#terminal = terminal
    this.#format = format
    this.#columns = columns
  }

  async write(row: Row): Promise<void> {
    this.#waiting.push(row)
    if (this.#waiting.length >= rowsTogether) await this.#flush()
  }

  /** A line between the rows of a table. */
  async line(text: string): Promise<void> {
    await this.#flush()
    await writeData(this.#terminal, `${text}\n`)
  }

  async end(): Promise<void> {
    await this.#flush()
    if (this.#format !== 'json') return
    await writeData(this.#terminal, this.#count === 0 ? '[]\n' : '\n]\n')
  }

  async #flush(): Promise<void> {
    const rows = this.#waiting
    if (rows.length === 0) return
    this.#waiting = []
    await writeData(this.#terminal, this.#format === 'table' ? this.#tableOf(rows) : this.#jsonOf(rows))
    this.#count += rows.length
  }

  #jsonOf(rows: readonly Row[]): string {
    if (this.#format === 'ndjson') return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    const text = rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')
    return this.#count === 0 ? `[\n${text}` : `,\n${text}`
  }

  #tableOf(rows: readonly Row[]): string {
    const isFirst = this.#widths === undefined
    const needed = columnWidths(this.#columns, rows)
    const widths = needed.map((width, slot) => Math.max(width, this.#widths?.[slot] ?? 0))
    this.#widths = widths
    const [heading = '', ...lines] = tableTextOf(this.#columns, rows, widths).split('\n')
    const shown = isFirst ? [styled(this.#terminal, 'stdout', 'bold', heading), ...lines] : lines
    return shown.map((line) => `${line}\n`).join('')
  }
}
