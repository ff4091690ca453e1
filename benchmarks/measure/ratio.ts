// Two brokers measured in pairs: the machine's mood changes from minute to minute, so only what was measured side by side compares.
export interface Pair {
  readonly millrace: number
  readonly kafka: number
}

export interface Ratio {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle]
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle]
  if (upper === undefined || lower === undefined) throw new Error('the median of nothing')
  return (lower + upper) / 2
}

export const medianOf = (pairs: readonly Pair[], who: keyof Pair): number => median(pairs.map((pair) => pair[who]))

export function ratioOf(pairs: readonly Pair[]): Ratio {
  const ratios = pairs.map((pair) => pair.millrace / pair.kafka)
  return { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) }
}
