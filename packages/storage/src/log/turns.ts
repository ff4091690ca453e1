import type { Tail, TailCache, TailEntry } from './tail-cache.ts'

/** One log's part in a turn. */
export interface TurnMember {
  /** Writes what the turn brought; what was written goes to `written`. */
  write(written: { tail: Tail; entry: TailEntry }[]): void
  /** Tells those who wait how it went. */
  finish(): void
}

/** Gathers what one turn of the event loop brings to the logs, so that each is written once. */
export class Turns {
  readonly #endOfTurn: (work: () => void) => void
  readonly #tailCache: TailCache
  #members = new Set<TurnMember>()

  constructor(endOfTurn: (work: () => void) => void, tailCache: TailCache) {
    this.#endOfTurn = endOfTurn
    this.#tailCache = tailCache
  }

  join(member: TurnMember): void {
    if (this.#members.size === 0) this.#endOfTurn(() => this.run())
    this.#members.add(member)
  }

  /** Also called where somebody can't wait for the turn's end: at the stop, before a log goes. */
  run(): void {
    if (this.#members.size === 0) return
    const members = this.#members
    this.#members = new Set()
    const written: { tail: Tail; entry: TailEntry }[] = []
    for (const member of members) member.write(written)
    this.#tailCache.admit(written)
    for (const member of members) member.finish()
  }
}
