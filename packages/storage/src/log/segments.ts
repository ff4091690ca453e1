import { assert } from '@millrace/kernel'
import type { Segment } from '../segment/segment.ts'

/** The segments of a log by base offset; the last one is written to. */
export class Segments {
  #list: Segment[] = []

  get all(): readonly Segment[] {
    return this.#list
  }

  get count(): number {
    return this.#list.length
  }

  get active(): Segment {
    const last = this.#list.at(-1)
    assert(last !== undefined, 'a log has a segment')
    return last
  }

  get first(): Segment {
    const first = this.#list[0]
    assert(first !== undefined, 'a log has a segment')
    return first
  }

  get sizeBytes(): number {
    return this.#list.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  push(segment: Segment): void {
    assert(this.#list.length === 0 || segment.baseOffset > this.active.baseOffset, 'segments come in order')
    this.#list.push(segment)
  }

  /** Place of the segment that would hold `offset`; -1 where all start behind it. */
  indexOf(offset: number): number {
    let low = 0
    let high = this.#list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#list[middle]!.baseOffset <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  at(index: number): Segment | undefined {
    return index < 0 ? undefined : this.#list[index]
  }

  /** From the one that holds `offset` on. */
  from(offset: number): readonly Segment[] {
    return this.#list.slice(Math.max(0, this.indexOf(offset)))
  }

  remove(gone: ReadonlySet<Segment>): void {
    this.#list = this.#list.filter((segment) => !gone.has(segment))
  }

  /** Puts `by` where `old` were: after compaction. */
  replace(old: ReadonlySet<Segment>, by: readonly Segment[]): void {
    this.#list = [...this.#list.filter((segment) => !old.has(segment)), ...by]
    this.#list.sort((a, b) => a.baseOffset - b.baseOffset)
  }
}
