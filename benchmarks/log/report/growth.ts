// Figures over what grows, as an SVG: one panel above the other, each with a logarithmic scale of its own.
import type { Measured, Panel } from '../world.ts'
import { shown } from './table.ts'

const width = 860
const panelHeight = 300
const [left, right, top, bottom] = [70, 250, 44, 52]
const colours = ['#0969da', '#bc4c00', '#1a7f37', '#8250df']

interface Scale {
  readonly ticks: readonly number[]
  readonly y: (value: number) => number
}

/** Ticks at 1, 2 and 5 times powers of ten, around all values. */
export function ticksAround(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const all: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const step of [1, 2, 5]) all.push(Number((step * 10 ** power).toPrecision(1)))
  }
  const first = all.findLastIndex((tick) => tick <= low)
  const last = all.findIndex((tick) => tick >= high)
  return last === first ? all.slice(first, last + 2) : all.slice(first, last + 1)
}

function scaleFor(values: readonly number[]): Scale {
  const ticks = ticksAround(values)
  const [low = 1, high = 10] = [ticks[0], ticks.at(-1)]
  const height = panelHeight - top - bottom
  const y = (value: number): number => top + height * (1 - Math.log(value / low) / Math.log(high / low))
  return { ticks, y }
}

function panelOf({ title, unit, lines: titles }: Panel, measured: Measured, across: string): string {
  const lines = measured.lines.filter((line) => titles.includes(line.title))
  const medians = lines.map((line) => line.cells.map((cell) => cell?.median ?? NaN))
  const scale = scaleFor(medians.flat())
  const x = (column: number): number => left + ((column + 0.5) * (width - left - right)) / measured.columns.length
  return [
    `<text x="${left}" y="20" font-weight="bold">${title} (${unit})</text>`,
    ...scale.ticks.map((tick) => tickAt(tick, scale.y(tick))),
    ...measured.columns.map(
      (column, i) => `<text x="${x(i)}" y="${panelHeight - 32}" text-anchor="middle" class="small">${column}</text>`,
    ),
    `<text x="${(left + width - right) / 2}" y="${panelHeight - 12}" text-anchor="middle" class="small">${across}</text>`,
    ...medians.map((values, i) =>
      curve(
        values.map((value, column) => [x(column), scale.y(value)]),
        i,
      ),
    ),
    ...labels(lines.map(({ title: label }, i) => ({ label, i, y: scale.y(medians[i]?.at(-1) ?? NaN) }))),
  ].join('\n')
}

function tickAt(tick: number, y: number): string {
  const line = `<line x1="${left}" y1="${y.toFixed(1)}" x2="${width - right}" y2="${y.toFixed(1)}" stroke="#ddd"/>`
  return `${line}<text x="${left - 8}" y="${(y + 4).toFixed(1)}" text-anchor="end" class="small">${shownTick(tick)}</text>`
}

const shownTick = (tick: number): string => (tick < 10 ? String(tick) : shown(tick).replace(/\.0$/, ''))

function curve(points: readonly (readonly [number, number])[], index: number): string {
  const colour = colours[index % colours.length]
  const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
  const dots = points.map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${colour}"/>`)
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`
}

/** Beside where each curve ends, apart from one another. */
function labels(ends: readonly { readonly label: string; readonly i: number; readonly y: number }[]): string[] {
  let lowest = -Infinity
  return ends
    .toSorted((a, b) => a.y - b.y)
    .map(({ label, i, y }) => {
      lowest = Math.max(y, lowest + 16)
      const at = `x="${width - right + 10}" y="${(lowest + 4).toFixed(1)}"`
      return `<text ${at} style="fill: ${colours[i % colours.length]}">${label}</text>`
    })
}

export function growthPicture(panels: readonly Panel[], measured: Measured, across: string): string {
  const height = panels.length * panelHeight
  const drawn = panels.map(
    (panel, i) => `<g transform="translate(0 ${i * panelHeight})">${panelOf(panel, measured, across)}</g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<style>text { font: 13px system-ui, sans-serif; fill: #222 } .small { font-size: 11px; fill: #666 }</style>
<rect width="100%" height="100%" fill="#fff"/>
${drawn.join('\n')}
</svg>
`
}
