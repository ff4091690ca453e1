// benchmarks/results/log.json, which keeps the last run of each row, and from it benchmarks/log.md and the pictures.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeBlock } from '../../report/block.ts'
import { machine } from '../../report/machine.ts'
import type { Measured, Row } from '../world.ts'
import { growthPicture } from './growth.ts'
import { markdownTable } from './table.ts'

export interface Run extends Measured {
  readonly row: string
  readonly date: string
  readonly machine: string
  readonly version: string
  readonly rounds: number
  readonly share: number
}

const folder = join(import.meta.dirname, '../..')
const jsonPath = join(folder, 'results/log.json')

export function runOf(row: Row, measured: Measured, how: Pick<Run, 'version' | 'rounds' | 'share'>): Run {
  const date = new Date().toISOString().slice(0, 10)
  return { row: row.name, date, machine: machine(), ...how, ...measured }
}

export function write(rows: readonly Row[], runs: readonly Run[]): void {
  const known = existsSync(jsonPath) ? (JSON.parse(readFileSync(jsonPath, 'utf8')) as Run[]) : []
  const last = rows.flatMap(({ name }) => [...runs, ...known].find(({ row }) => row === name) ?? [])
  writeFileSync(jsonPath, `${JSON.stringify(last, null, 2)}\n`)
  const sections = last.map((run) => section(rowOf(rows, run), run))
  writeBlock(join(folder, 'log.md'), 'npm run bench:log', sections.join('\n'))
}

function rowOf(rows: readonly Row[], run: Run): Row {
  const row = rows.find(({ name }) => name === run.row)
  if (row === undefined) throw new Error(`no row ${run.row}`)
  return row
}

function section(row: Row, run: Run): string {
  const size = run.share === 1 ? '' : `, at ${run.share} of the full size`
  const where = `${run.date}, Millrace ${run.version}, median of ${run.rounds} rounds${size}, on ${run.machine}.`
  const text = `## ${row.title}\n\n${where}\n\n${markdownTable(row.across, run)}`
  return row.panels.length === 0 ? text : `${text}\n${picture(row, run)}`
}

function picture(row: Row, run: Run): string {
  const path = `results/log-${row.name}.svg`
  writeFileSync(join(folder, path), growthPicture(row.panels, run, row.across))
  return `![${row.title.toLowerCase()}](${path})\n`
}
