// The ratios as an SVG: a dot for the median, a line for the spread, a tick for the goal, on a logarithmic scale.
import type { Line } from './table.ts'

export interface PictureLine extends Pick<Line, 'ratio' | 'reached'> {
  readonly figure: Pick<Line['figure'], 'title' | 'better' | 'goal'>
}

const rowHeight = 30
const top = 46
const scaleWidth = 440
// A letter of the labels' font, on average and with some to spare.
const letterWidth = 7.2

const ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]

/** Where things lie: labels end at `labelsEnd`, the scale begins a little after it. */
interface Layout {
  readonly x: (ratio: number) => number
  readonly ticks: readonly number[]
  readonly labelsEnd: number
  readonly width: number
}

function layoutFor(lines: readonly PictureLine[]): Layout {
  const labelsEnd = Math.ceil(10 + letterWidth * Math.max(...lines.map(({ figure }) => figure.title.length)))
  const values = lines.flatMap(({ ratio, figure }) => [ratio.lowest, ratio.highest, figure.goal])
  const low = ticks.findLast((tick) => tick <= Math.min(...values, 0.5)) ?? 0.01
  const high = ticks.find((tick) => tick >= Math.max(...values, 2)) ?? 20
  const span = Math.log(high / low)
  const x = (ratio: number): number => {
    const share = Math.log(Math.max(ratio, low) / low) / span
    return labelsEnd + 20 + Math.min(share, 1) * scaleWidth
  }
  const shownTicks = ticks.filter((tick) => tick >= low && tick <= high)
  return { x, ticks: shownTicks, labelsEnd, width: labelsEnd + 20 + scaleWidth + 70 }
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function axis({ x, ticks: shownTicks }: Layout, height: number): string {
  return shownTicks
    .map((tick) => {
      const at = x(tick).toFixed(1)
      const line = `<line x1="${at}" y1="${top - 8}" x2="${at}" y2="${height - 26}" stroke="${tick === 1 ? '#777' : '#ddd'}"/>`
      return `${line}<text x="${at}" y="${top - 14}" text-anchor="middle" class="small">${tick}×</text>`
    })
    .join('\n')
}

function row(line: PictureLine, index: number, { x, labelsEnd, width }: Layout): string {
  const y = top + index * rowHeight + rowHeight / 2
  const colour = line.reached ? '#1a7f37' : '#bc4c00'
  const [low, mid, high, goal] = [line.ratio.lowest, line.ratio.median, line.ratio.highest, line.figure.goal].map(
    (value) => x(value).toFixed(1),
  )
  const arrow = line.figure.better === 'more' ? '▶' : '◀'
  return [
    `<text x="${labelsEnd}" y="${y + 4}" text-anchor="end">${escape(line.figure.title)}</text>`,
    `<line x1="${low}" y1="${y}" x2="${high}" y2="${y}" stroke="${colour}" stroke-width="3" stroke-linecap="round"/>`,
    `<circle cx="${mid}" cy="${y}" r="6" fill="${colour}"/>`,
    `<text x="${goal}" y="${y - 7}" text-anchor="middle" class="goal">${arrow}</text>`,
    `<line x1="${goal}" y1="${y - 7}" x2="${goal}" y2="${y + 8}" stroke="#222" stroke-dasharray="2 2"/>`,
    `<text x="${width - 10}" y="${y + 4}" text-anchor="end" fill="${colour}" font-weight="bold">${line.ratio.median.toFixed(2)}×</text>`,
  ].join('\n')
}

/** `what` says which divided by which. */
export function picture(
  lines: readonly PictureLine[],
  what = 'Millrace ÷ Apache Kafka: dot = median of pairs',
): string {
  const height = top + lines.length * rowHeight + 34
  const layout = layoutFor(lines)
  const { width } = layout
  const style =
    'text { font: 13px system-ui, sans-serif; fill: #222 } .small { font-size: 11px; fill: #666 } .goal { font-size: 9px }'
  const legend = `${what}, line = their spread, dashed = goal, arrow = better`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<style>${style}</style>
<rect width="100%" height="100%" fill="#fff"/>
${axis(layout, height)}
${lines.map((line, index) => row(line, index, layout)).join('\n')}
<text x="${width / 2}" y="${height - 8}" text-anchor="middle" class="small">${legend}</text>
</svg>
`
}
