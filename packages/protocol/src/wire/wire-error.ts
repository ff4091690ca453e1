export interface WireProblem {
  /** What was read or written, such as `length of an array`. */
  readonly what: string
  readonly got: unknown
  readonly expected: string
  /** Where in the message: `FetchRequest.topics.partitions`. */
  readonly field?: string
}

/** Bytes that aren't what they claim to be, or a value that its version can't carry. */
export class WireError extends Error {
  override name = 'WireError'
  readonly problem: WireProblem

  constructor(problem: WireProblem) {
    const where = problem.field === undefined ? '' : ` in ${problem.field}`
    super(`${problem.what}${where}: got ${String(problem.got)}, expected ${problem.expected}`)
    this.problem = problem
  }
}

export const wireError = (problem: WireProblem): WireError => new WireError(problem)
