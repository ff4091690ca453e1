/** The value that `share` of the values don't exceed: 0.5 for the median, 0.99 for what one in a hundred exceeds. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)]
  if (value === undefined) throw new Error('a percentile of nothing')
  return value
}
