import type { Connection } from '@millrace/connection'
import type { ErrorName } from '@millrace/protocol'
import { KafkaError } from '@millrace/protocol'
import { delay } from '../cluster/abort.ts'
import { backoffMs, isRetriableError } from '../cluster/retry.ts'
import type { Call } from './call.ts'
import { failed } from './outcome.ts'
import { onceEach } from './once-each.ts'
import type { Outcome } from './outcome-types.ts'

/** Some of the things asked for, and the broker that answers for them. */
export interface Route<Item> {
  readonly items: readonly Item[]
  /** The broker's id, where it is known before it is asked. */
  readonly brokerId?: number
  readonly connect: () => Promise<Connection>
}

/** Who answers for what; and why nobody does for the rest. */
export interface Routes<Item> {
  readonly routes: readonly Route<Item>[]
  readonly nowhere: ReadonlyMap<Item, KafkaError>
}

/** Finds out who answers for what. From the second attempt on, what was known before is not to be trusted. */
export type Router<Item> = (call: Call, items: readonly Item[], attempt: number) => Promise<Routes<Item>>

export interface AskEach<Item, T, K> {
  readonly items: readonly Item[]
  readonly key: (item: Item) => K
  readonly route: Router<Item>
  /** Asks one broker about some of them. What it throws is the outcome of each of them. */
  readonly send: (
    connection: Connection,
    items: readonly Item[],
    brokerId: number,
  ) => Promise<Iterable<readonly [K, Outcome<T>]>>
  /** Errors of single items for which they are asked for again, while there is time. */
  readonly again?: ReadonlySet<ErrorName>
  /** Whether a topic that isn't known may be one that was made a moment ago. */
  readonly patient?: boolean | ((item: Item) => boolean)
}

// How long brokers may take to hear of a topic that another one made.
const patienceMs = 2_000
const perhapsNotYetThere = new Set<ErrorName>(['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID'])

/**
 * Asks about many things: each broker about all that are its own, in one request, side by side; and again about those
 * that failed with a retriable error. Rejects where nobody answered for any of them.
 */
export async function askEach<Item, T, K>(call: Call, ask: AskEach<Item, T, K>): Promise<Map<K, Outcome<T>>> {
  return new Asking(call, ask).run()
}

class Asking<Item, T, K> {
  readonly #call: Call
  readonly #ask: AskEach<Item, T, K>
  readonly #outcomes = new Map<K, Outcome<T>>()
  /** Errors that are nobody's answer: the request failed as a whole. */
  readonly #thrown = new Set<unknown>()
  #left: readonly Item[]

  constructor(call: Call, ask: AskEach<Item, T, K>) {
    this.#call = call
    this.#ask = ask
    this.#left = onceEach(ask.items, ask.key)
  }

  async run(): Promise<Map<K, Outcome<T>>> {
    const asked = this.#left.map(this.#ask.key)
    try {
      await this.#rounds()
    } catch (error) {
      if (!this.#call.timedOut() || !(error instanceof KafkaError)) throw error
      const unanswered = this.#left.filter((item) => !this.#outcomes.has(this.#ask.key(item)))
      this.#fail(unanswered, this.#call.failure ?? error)
    }
    const all = [...this.#outcomes.values()]
    const first = all[0]
    if (first?.ok === false && all.every((each) => !each.ok && this.#thrown.has(each.error))) throw first.error
    return ofAll(asked, this.#outcomes)
  }

  async #rounds(): Promise<void> {
    const { settings } = this.#call.cluster
    const startMs = settings.clock.monotonicMs()
    for (let attempt = 1; this.#left.length > 0; attempt += 1) {
      await this.#round(attempt)
      const passedMs = settings.clock.monotonicMs() - startMs
      this.#left = this.#left.filter((item) => this.#isWorthAsking(item, passedMs))
      if (this.#left.length === 0) return
      const pauseMs = backoffMs(settings, attempt)
      if (settings.clock.monotonicMs() + pauseMs >= this.#call.deadlineMs) return
      await delay(settings.clock, pauseMs, this.#call.signal)
    }
  }

  async #round(attempt: number): Promise<void> {
    const found = await this.#guarded(this.#left, () => this.#ask.route(this.#call, this.#left, attempt))
    if (found === undefined) return
    for (const [item, error] of found.nowhere) this.#outcomes.set(this.#ask.key(item), failed(error))
    await Promise.all(
      found.routes.map(({ items, connect, brokerId = -1 }) =>
        this.#guarded(items, async () => {
          const answers = await this.#ask.send(await connect(), items, brokerId)
          for (const [key, outcome] of answers) this.#outcomes.set(key, outcome)
        }),
      ),
    )
  }

  // A fault of the way to one broker is the outcome of what it was asked; a bug, or being aborted, ends the call.
  async #guarded<R>(items: readonly Item[], work: () => Promise<R>): Promise<R | undefined> {
    try {
      return await work()
    } catch (error) {
      if (this.#call.signal.aborted || !(error instanceof KafkaError)) throw error
      this.#call.failure = error
      this.#fail(items, error)
      return undefined
    }
  }

  #fail(items: readonly Item[], error: KafkaError): void {
    this.#thrown.add(error)
    for (const item of items) this.#outcomes.set(this.#ask.key(item), failed(error))
  }

  #isWorthAsking(item: Item, passedMs: number): boolean {
    const outcome = this.#outcomes.get(this.#ask.key(item))
    if (outcome === undefined || outcome.ok) return false
    const { error } = outcome
    if (this.#thrown.has(error)) return isRetriableError(error)
    if (this.#ask.again?.has(error.error) === true) return true
    return this.#isPatient(item) && perhapsNotYetThere.has(error.error) && passedMs < patienceMs
  }

  #isPatient(item: Item): boolean {
    const { patient = false } = this.#ask
    return typeof patient === 'boolean' ? patient : patient(item)
  }
}

/** The outcomes of all that was asked for, in that order. */
export const ofAll = <K, T>(asked: Iterable<K>, outcomes: ReadonlyMap<K, Outcome<T>>): Map<K, Outcome<T>> =>
  new Map(Array.from(asked, (key) => [key, outcomes.get(key) ?? failed(nothingSaid(key))]))

const nothingSaid = (key: unknown): KafkaError =>
  new KafkaError('UNKNOWN_SERVER_ERROR', `UNKNOWN_SERVER_ERROR: the broker's answer says nothing of ${String(key)}`)
