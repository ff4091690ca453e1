/** Throws for a promise that a function of the caller gives: nobody can wait for it, for records would overtake one another. */
export function refuseLater<T>(given: T, what: string): asserts given is Exclude<T, Promise<unknown>> {
  if (!(given instanceof Promise)) return
  // Nobody waits for it: what it comes to must not end the process.
  given.catch(() => undefined)
  throw new TypeError(`${what}: records would overtake one another`)
}
