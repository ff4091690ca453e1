/** How the numbers 0, 1, 2 ... came back. */
export function describeOrder(numbers: readonly number[]): string {
  const present = new Set(numbers).size
  const behind = numbers.filter((value, i) => value < (numbers[i - 1] ?? 0)).length
  return `${present} there, ${numbers.length - present} twice, ${behind} out of order`
}
