// What was measured, round by round, for each column of a table, and the lines that come of it.
import { median } from '../measure/ratio.ts'

export type Figures = Readonly<Record<string, number>>

export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

interface Goal {
  readonly text: string
  readonly reached: boolean
}

export interface Line {
  readonly title: string
  readonly unit: string
  /** One for each column; null where the line says nothing of it. */
  readonly cells: readonly (Spread | null)[]
  readonly goal?: Goal
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  lowest: Math.min(...values),
  highest: Math.max(...values),
})

export class Series {
  readonly columns: readonly string[]
  readonly #rounds: Figures[][]

  constructor(columns: readonly string[]) {
    this.columns = columns
    this.#rounds = columns.map(() => [])
  }

  /** The next round of a column. */
  add(column: string, figures: Figures): void {
    const rounds = this.#rounds[this.columns.indexOf(column)]
    if (rounds === undefined) throw new Error(`no column ${column}`)
    rounds.push(figures)
  }

  /** A figure's values in one column, round by round. */
  values(figure: string, column: string): number[] {
    return (this.#rounds[this.columns.indexOf(column)] ?? []).map(({ [figure]: value }) => {
      if (value === undefined) throw new Error(`no ${figure} in a round of ${column}`)
      return value
    })
  }

  line(figure: string, title: string, unit: string): Line {
    const cells = this.columns.map((column) => spreadOf(this.values(figure, column)))
    return { title, unit, cells }
  }

  /** Each column's figure divided by the first column's of the same round. */
  ratios(figure: string, title: string, goal: (ratio: number) => boolean, goalText: string): Line {
    const [first = '', ...others] = this.columns
    const bases = this.values(figure, first)
    const cells = others.map((column) =>
      spreadOf(this.values(figure, column).map((value, round) => value / (bases[round] ?? NaN))),
    )
    const reached = cells.every((cell) => goal(cell.median))
    return { title, unit: '×', cells: [null, ...cells], goal: { text: goalText, reached } }
  }
}
