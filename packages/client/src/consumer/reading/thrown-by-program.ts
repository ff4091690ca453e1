/** What a callback of the program threw: whoever reads gets it as it was, whatever kind of error it is. */
export class ThrownByProgram extends Error {
  readonly thrown: unknown
  constructor(thrown: unknown) {
    super('a callback of the program failed', { cause: thrown })
    this.thrown = thrown
  }
}

export const asThrown = (error: unknown): unknown => (error instanceof ThrownByProgram ? error.thrown : error)
