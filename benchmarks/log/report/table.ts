import type { Line, Spread } from '../series.ts'
import type { Measured } from '../world.ts'

/** Enough digits to tell figures of this size apart. */
export function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}

function cell(spread: Spread | null): string {
  if (spread === null) return ''
  return `**${shown(spread.median)}** (${shown(spread.lowest)} – ${shown(spread.highest)})`
}

const goalCells = ({ goal }: Line): string[] => (goal === undefined ? ['', ''] : [goal.text, goal.reached ? '✓' : '✗'])

/** Medians, in brackets the lowest and the highest, a column for each of what was compared. */
export function markdownTable(across: string, { columns, lines }: Measured): string {
  const head = [across, ...columns, '', 'goal', '']
  const rule = ['---', ...columns.map(() => '---:'), '---', '---:', '---']
  const rows = lines.map((line) => [line.title, ...line.cells.map(cell), line.unit, ...goalCells(line)])
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
