/** How the numbers 0, 1, 2 ... came back, of which some were acknowledged. */
export function describeOrder(numbers: readonly number[], acknowledged: ReadonlySet<number>): string {
  const present = new Set(numbers)
  const lost = [...acknowledged].filter((number) => !present.has(number)).length
  const behind = numbers.filter((value, i) => value < (numbers[i - 1] ?? 0)).length
  const twice = numbers.length - present.size
  return `${present.size} there, ${lost} acknowledged and lost, ${twice} twice, ${behind} out of order`
}
