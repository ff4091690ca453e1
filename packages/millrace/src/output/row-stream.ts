import type { Terminal } from '../terminal.ts'
import { writeData } from '../terminal.ts'
import type { Column, OutputFormat, Row } from './print.ts'
import { cell, displayWidth, headingOf } from './print.ts'
import { styled } from './style.ts'

// A table's columns are as wide as the rows so far needed; only what is printed together is sure to be aligned.
const rowsTogether = 500

/** Rows without end, printed as they come and in bounded memory: a table, one JSON array, or one object a line. */
export class RowStream {
  readonly #terminal: Terminal
  readonly #format: OutputFormat
  readonly #columns: readonly Column[]
  #waiting: Row[] = []
  #widths: readonly number[] = []
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

  // Not by cli-table3, which lays out 1,500 rows in a second.
  #tableOf(rows: readonly Row[]): string {
    const isFirst = this.#widths.length === 0
    const headings = this.#columns.map(headingOf)
    const cells = rows.map((row) => this.#columns.map((column) => cell(row[column.name])))
    this.#widths = headings.map((heading, slot) =>
      cells.reduce(
        (widest, row) => Math.max(widest, displayWidth(row[slot] ?? '')),
        Math.max(heading.length, this.#widths[slot] ?? 0),
      ),
    )
    const lines = cells.map((row) => `${this.#lineOf(row)}\n`).join('')
    return isFirst ? `${styled(this.#terminal, 'stdout', 'bold', this.#lineOf(headings))}\n${lines}` : lines
  }

  #lineOf(texts: readonly string[]): string {
    const padded = texts.map((text, slot) => {
      const space = ' '.repeat(Math.max(0, (this.#widths[slot] ?? 0) - displayWidth(text)))
      return this.#columns[slot]?.align === 'right' ? space + text : text + space
    })
    return padded.join('  ').trimEnd()
  }
}
