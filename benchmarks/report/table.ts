import type { RowResult } from '../bench.ts'
import { medianOf, ratioOf, type Ratio } from '../measure/ratio.ts'
import type { Figure } from '../rows.ts'

export interface Line {
  readonly figure: Figure
  readonly millrace: number
  readonly kafka: number
  readonly ratio: Ratio
  readonly reached: boolean
}

export function linesOf(results: readonly RowResult[]): Line[] {
  return results.flatMap(({ row, pairs }) => row.figures.map((figure) => lineOf(figure, pairs.get(figure.name) ?? [])))
}

export function lineOf(figure: Figure, pairs: Parameters<typeof ratioOf>[0]): Line {
  const ratio = ratioOf(pairs)
  const reached = figure.better === 'more' ? ratio.median >= figure.goal : ratio.median <= figure.goal
  return { figure, millrace: medianOf(pairs, 'millrace'), kafka: medianOf(pairs, 'kafka'), ratio, reached }
}

export function shown(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export function markdownTable(lines: readonly Line[]): string {
  const head = ['', 'Millrace', 'Apache Kafka', '', 'ratio', 'lowest – highest', 'goal', '']
  const rows = lines.map(({ figure, millrace, kafka, ratio, reached }) => [
    figure.title,
    shown(millrace),
    shown(kafka),
    figure.unit,
    `**${ratio.median.toFixed(2)}**`,
    `${ratio.lowest.toFixed(2)} – ${ratio.highest.toFixed(2)}`,
    `${figure.better === 'more' ? '≥' : '≤'} ${figure.goal}`,
    reached ? '✓' : '✗',
  ])
  const rule = ['---', '---:', '---:', '---', '---:', '---:', '---:', '---']
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
