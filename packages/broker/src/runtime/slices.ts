import type { Clock } from '@millrace/kernel'
import type { BrokerServices } from './services.ts'

const sliceMs = 5
/** Looking at the clock costs too. */
const itemsPerLook = 8

/** Where slices come from: the context of a request has both. */
export interface SliceSource {
  readonly clock: Clock
  readonly services: Pick<BrokerServices, 'endOfTurn'>
}

/**
 * The work of one request in slices of a few milliseconds: a request that names sixty thousand things mustn't hold all
 * others. Its connection waits for its answer as for any other. `if (slices.isOver) await slices.next()` per item.
 */
export class Slices {
  readonly #source: SliceSource
  readonly #itemsPerLook: number
  #endsAtMs: number
  #items = 0

  constructor(source: SliceSource, itemsPerLookOf = itemsPerLook) {
    this.#source = source
    this.#itemsPerLook = itemsPerLookOf
    this.#endsAtMs = source.clock.monotonicMs() + sliceMs
  }

  get isOver(): boolean {
    this.#items += 1
    return this.#items % this.#itemsPerLook === 0 && this.#source.clock.monotonicMs() >= this.#endsAtMs
  }

  /** Resolves when others had their turn of the event loop. */
  async next(): Promise<void> {
    await this.#source.services.endOfTurn()
    this.#endsAtMs = this.#source.clock.monotonicMs() + sliceMs
  }
}

/** As `items.map(each)`, in slices. */
export async function mapInSlices<Item, Result>(
  items: readonly Item[],
  slices: Slices,
  each: (item: Item) => Result,
): Promise<Result[]> {
  const results: Result[] = []
  for (const item of items) {
    if (slices.isOver) await slices.next()
    results.push(each(item))
  }
  return results
}
