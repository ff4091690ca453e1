/** Where something stands in a `Line`. */
export class Place<T> {
  readonly value: T
  /** The line's own. */
  before: Place<T> | undefined
  after: Place<T> | undefined

  constructor(value: T, before: Place<T> | undefined) {
    this.value = value
    this.before = before
  }
}

/**
 * What comes in an order and leaves in any. A Map can do that too, but where much comes and leaves it makes itself a new
 * table now and then, and V8's old tables lead to the newer ones: one that has outlived a few collections keeps alive what
 * stood in all that follow, until the next full collection. Here what has left leads nowhere.
 */
export class Line<T> {
  #first: Place<T> | undefined
  #last: Place<T> | undefined

  /** What came before all others. */
  get first(): T | undefined {
    return this.#first?.value
  }

  /** Puts it at the end; the place is to leave by. */
  add(value: T): Place<T> {
    const place = new Place(value, this.#last)
    if (this.#last === undefined) this.#first = place
    else this.#last.after = place
    this.#last = place
    return place
  }

  /** The first leaves. */
  shift(): void {
    if (this.#first !== undefined) this.leave(this.#first)
  }

  /** Leaves this line; nothing happens where it has left already. */
  leave(place: Place<T>): void {
    const { before, after } = place
    if (before === undefined && this.#first !== place) return
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    place.before = undefined
    place.after = undefined
  }

  /** All that stand in it, those first that came first. Who lets them leave meanwhile copies it first: what has left leads nowhere. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let place = this.#first; place !== undefined; place = place.after) yield place.value
  }
}
