// benchmarks/results/one-broker.json and .svg, and the table in benchmarks/README.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RowResult } from '../bench.ts'
import type { Contender } from '../contenders/contender.ts'
import { writeBlock } from './block.ts'
import { machine } from './machine.ts'
import { picture } from './picture.ts'
import { linesOf, markdownTable } from './table.ts'

const folder = join(import.meta.dirname, '..')

export function write(results: readonly RowResult[], contenders: readonly Contender[], pairs: number): void {
  const lines = linesOf(results)
  const date = new Date().toISOString().slice(0, 10)
  const versions = Object.fromEntries(contenders.map(({ name, version }) => [name, version]))
  const rows = results.map(({ row, pairs: figures }) => ({ row: row.name, pairs: Object.fromEntries(figures) }))
  const json = { date, machine: machine(), versions, pairs, ratios: lines, rows }
  writeFileSync(join(folder, 'results/one-broker.json'), `${JSON.stringify(json, null, 2)}\n`)
  writeFileSync(join(folder, 'results/one-broker.svg'), picture(lines))
  const where = `${date}, Millrace ${versions['millrace']} and Apache Kafka ${versions['kafka']}, ${pairs} pairs, on ${machine()}.`
  const text = `${where}\n\n${markdownTable(lines)}\n![ratios](results/one-broker.svg)\n`
  writeBlock(join(folder, 'README.md'), 'npm run bench', text)
}
