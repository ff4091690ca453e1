/** A broken invariant: a bug of ours, never a fault of the input. */
export class InvariantError extends Error {
  override name = 'InvariantError'
}

/** Stays on in production: going on with a broken invariant costs data. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** For the arm of a switch that the types say can't be reached. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${String(value)}`)
}
