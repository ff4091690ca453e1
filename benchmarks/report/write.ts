// benchmarks/results/one-broker.json and .svg, and the table in benchmarks/README.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import type { RowResult } from '../bench.ts'
import type { Contender } from '../contenders/contender.ts'
import { picture } from './picture.ts'
import { linesOf, markdownTable } from './table.ts'

const folder = join(import.meta.dirname, '..')
const [begin, end] = ['<!-- results: written by npm run bench -->', '<!-- end of results -->']

function machine(): string {
  const [cpu, ...others] = cpus()
  const memoryGb = Math.round(totalmem() / 1024 ** 3)
  return `${others.length + 1} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${memoryGb} GiB, Linux ${release()}, Node ${process.version}`
}

export function write(results: readonly RowResult[], contenders: readonly Contender[], pairs: number): void {
  const lines = linesOf(results)
  const date = new Date().toISOString().slice(0, 10)
  const versions = Object.fromEntries(contenders.map(({ name, version }) => [name, version]))
  const rows = results.map(({ row, pairs: figures }) => ({ row: row.name, pairs: Object.fromEntries(figures) }))
  const json = { date, machine: machine(), versions, pairs, ratios: lines, rows }
  writeFileSync(join(folder, 'results/one-broker.json'), `${JSON.stringify(json, null, 2)}\n`)
  writeFileSync(join(folder, 'results/one-broker.svg'), picture(lines))
  const where = `${date}, Millrace ${versions['millrace']} and Apache Kafka ${versions['kafka']}, ${pairs} pairs, on ${machine()}.`
  writeTable(`${where}\n\n${markdownTable(lines)}\n![ratios](results/one-broker.svg)\n`)
}

function writeTable(text: string): void {
  const path = join(folder, 'README.md')
  const readme = readFileSync(path, 'utf8')
  const [before, rest] = readme.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${path} lacks the lines ${begin} and ${end}`)
  writeFileSync(path, `${before}${begin}\n\n${text}\n${end}${after}`)
}
