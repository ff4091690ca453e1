// The figures of every client and shape as Markdown, and what of it is to be reached.
import { shown } from '../../report/table.ts'
import { titles } from '../contenders.ts'
import type { Measured } from '../load/load.ts'
import type { Result } from '../measure.ts'
import { goalLines, medianOf } from './goals.ts'

interface Column {
  readonly title: string
  readonly metric: keyof Measured
}

const cpu: Column = { title: 'CPU s per million', metric: 'cpuPerMillion' }
const peak: Column = { title: 'peak MiB', metric: 'peakMib' }
const columns: Readonly<Record<Result['row'], readonly Column[]>> = {
  produce: [{ title: 'records/s', metric: 'perSecond' }, cpu, peak],
  consume: [{ title: 'records/s', metric: 'perSecond' }, cpu, peak],
  latency: [{ title: 'p50 ms', metric: 'p50Ms' }, { title: 'p99 ms', metric: 'p99Ms' }, peak],
}
const rowTitles: Readonly<Record<Result['row'], string>> = {
  produce: 'Produce, acks=all',
  consume: 'Consume',
  latency: 'Latency of `send` at 1,000/s',
}
const brokerTitles: Readonly<Record<string, string>> = { millrace: 'Millrace', kafka: 'Apache Kafka' }

export const brokerTitle = (broker: string): string => brokerTitles[broker] ?? broker

export function tables(results: readonly Result[]): string {
  const rows = Object.keys(rowTitles) as Result['row'][]
  const figures = rows.map((row) =>
    figuresOf(
      row,
      results.filter((each) => each.row === row),
    ),
  )
  return [goalTable(results), ...figures, failuresOf(results)].filter((text) => text !== '').join('\n')
}

function goalTable(results: readonly Result[]): string {
  const lines = goalLines(results)
  if (lines.length === 0) return ''
  const head = ['broker', '', 'ratio', 'lowest – highest', 'goal', '', 'shape of the peer']
  const cells = lines.map(({ broker, figure, ratio, reached, against }) => [
    brokerTitle(broker),
    figure.title,
    `**${ratio.median.toFixed(2)}**`,
    `${ratio.lowest.toFixed(2)} – ${ratio.highest.toFixed(2)}`,
    `${figure.better === 'more' ? '≥' : '≤'} ${figure.goal}`,
    reached ? '✓' : '✗',
    against,
  ])
  return markdown([head, ['---', '---', '---:', '---:', '---:', '---', '---'], ...cells])
}

function figuresOf(row: Result['row'], results: readonly Result[]): string {
  if (results.length === 0) return ''
  const head = ['broker', 'size', 'client', 'shape', ...columns[row].map(({ title }) => title), 'lowest – highest']
  const rule = head.map((_, i) => (i < 4 ? '---' : '---:'))
  const lines = results.flatMap((result) => result.contenders.map((_, i) => lineOf(result, i)))
  return `### ${rowTitles[row]}\n\n${markdown([head, rule, ...lines])}`
}

function failuresOf(results: readonly Result[]): string {
  const lines = results.flatMap(({ broker, recordBytes, failures }) =>
    failures.map(({ client, shape, round, message }) => {
      const text = message.replace(/\s+/g, ' ').replaceAll('|', '/')
      return [brokerTitle(broker), `${recordBytes} B`, titles[client], shape, String(round + 1), text.slice(0, 200)]
    }),
  )
  if (lines.length === 0) return ''
  const head = ['broker', 'size', 'client', 'shape', 'round', 'what it said']
  return `### Runs that failed and were made again\n\n${markdown([head, head.map(() => '---'), ...lines])}`
}

function lineOf(result: Result, i: number): string[] {
  const [contender, rounds] = [result.contenders[i], result.measured[i] ?? []]
  if (contender === undefined) return []
  const figures = columns[result.row].map(({ metric }) => shown(medianOf(rounds, metric)))
  const spread = rounds.map((each) => each[result.row === 'latency' ? 'p99Ms' : 'perSecond'] ?? NaN)
  const name = titles[contender.client]
  const range = `${shown(Math.min(...spread))} – ${shown(Math.max(...spread))}`
  return [brokerTitle(result.broker), `${result.recordBytes} B`, name, contender.title, ...figures, range]
}

const markdown = (lines: readonly (readonly string[])[]): string =>
  lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
