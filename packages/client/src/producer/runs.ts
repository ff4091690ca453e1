const none: never[] = []

/**
 * A value for each record of a batch, where most records have that of the one before: what is kept is where it changes,
 * which is nothing where it doesn't. Reading in the order of the records is a comparison each.
 */
export class Runs<T> {
  #first: T | undefined
  #last: T | undefined
  /** First records and values of all runs behind the first. */
  #starts: number[] | undefined
  #values: T[] = none
  /** The run that was read last. */
  #at = 0

  /** Records come in their order, from 0 on. */
  add(record: number, value: T): void {
    if (record === 0) this.#first = value
    else if (value !== this.#last) this.#begin(record, value)
    this.#last = value
  }

  /** The value of a record that was added. */
  at(record: number): T {
    const starts = this.#starts
    if (starts === undefined || record < starts[0]!) return this.#first as T
    let run = record < starts[this.#at]! ? 0 : this.#at
    while (run + 1 < starts.length && starts[run + 1]! <= record) run += 1
    this.#at = run
    return this.#values[run]!
  }

  /** Nothing is read any more. What its arrays hold would live as long as they do, which is long in the old generation. */
  clear(): void {
    this.#first = undefined
    this.#last = undefined
    this.#starts = undefined
    this.#values.length = 0
    this.#values = none
    this.#at = 0
  }

  #begin(record: number, value: T): void {
    if (this.#starts === undefined) {
      // Most have no third run, and pushing to an empty array makes room for seventeen.
      this.#starts = [record]
      this.#values = [value]
    } else {
      this.#starts.push(record)
      this.#values.push(value)
    }
  }
}
