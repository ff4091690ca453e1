import type { ByteBudget, Clock, Timer } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import { TimeoutError } from '../errors/client-errors.ts'
import type { Completion } from './completion.ts'
import type { RecordDraft } from './record-draft.ts'

/** Where records go: a topic that may have to be found first. */
export interface Destination {
  readonly name: string
  canPlace(draft: RecordDraft): boolean
  find(): Promise<void>
}

/** A record that can't go into a batch yet: the buffer is full, or its topic isn't known. */
export class Entry<Topic extends Destination = Destination> {
  readonly draft: RecordDraft
  readonly topic: Topic
  readonly completion: Completion
  readonly index: number
  readonly deadlineMs: number
  hasMemory: boolean
  stopWaitingForMemory: () => void = () => {}
  /** Once it is in a batch or has failed. */
  #over = false
  #listeners: (() => void)[] = []

  constructor(waiting: Pick<Entry<Topic>, 'draft' | 'topic' | 'completion' | 'index' | 'hasMemory' | 'deadlineMs'>) {
    this.draft = waiting.draft
    this.topic = waiting.topic
    this.completion = waiting.completion
    this.index = waiting.index
    this.hasMemory = waiting.hasMemory
    this.deadlineMs = waiting.deadlineMs
  }

  get over(): boolean {
    return this.#over
  }

  /** Resolves when it waits no more, well or not. */
  whenOver(): Promise<void> {
    return new Promise((resolve) => (this.#over ? resolve() : this.#listeners.push(resolve)))
  }

  end(): void {
    this.#over = true
    for (const listener of this.#listeners.splice(0)) listener()
  }
}

interface Terms {
  readonly clock: Clock
  readonly maxBlockMs: number
  readonly bufferBytes: number
  /** Who has less time than this left when their topic isn't found waits no longer. */
  readonly retryBackoffMaxMs: number
  /** What keeps metadata from coming. */
  readonly failure: () => unknown
}

/**
 * Records wait here in the order of the calls, first for memory, then for their topic's metadata; `admit` puts one into
 * its batch. None waits longer than `maxBlockMs` for both.
 */
export class WaitingRoom<Topic extends Destination> {
  readonly #memory: ByteBudget
  readonly #terms: Terms
  readonly #admit: (entry: Entry<Topic>) => void
  /** Those first whose time is up first: all may wait equally long. */
  readonly #entries = new Set<Entry<Topic>>()
  /** Those that have memory, by topic. */
  readonly #lines = new Map<Topic, Set<Entry<Topic>>>()
  #timer: Timer | undefined

  constructor(memory: ByteBudget, terms: Terms, admit: (entry: Entry<Topic>) => void) {
    this.#memory = memory
    this.#terms = terms
    this.#admit = admit
  }

  get entries(): Iterable<Entry<Topic>> {
    return this.#entries
  }

  get count(): number {
    return this.#entries.size
  }

  /** Whether a record of this topic has to queue behind others. */
  hasLine(topic: Topic): boolean {
    return this.#lines.has(topic)
  }

  /** `hasMemory` says whether its bytes are taken already. */
  add(topic: Topic, draft: RecordDraft, completion: Completion, index: number, hasMemory: boolean): Entry<Topic> {
    const deadlineMs = this.#terms.clock.monotonicMs() + this.#terms.maxBlockMs
    const entry = new Entry({ topic, draft, completion, index, hasMemory, deadlineMs })
    this.#entries.add(entry)
    this.#timer ??= this.#terms.clock.setTimer(this.#terms.maxBlockMs, () => this.#turnAway())
    if (hasMemory) this.#queue(entry)
    else entry.stopWaitingForMemory = this.#memory.take(draft.sizeBytesMax, () => this.#granted(entry))
    return entry
  }

  /** It waits no more, and fails. */
  withdraw(entry: Entry<Topic>, error: unknown): void {
    if (entry.over) return
    this.#lines.get(entry.topic)?.delete(entry)
    this.#leave(entry)
    if (entry.hasMemory) this.#memory.give(entry.draft.sizeBytesMax)
    else entry.stopWaitingForMemory()
    entry.completion.fail(entry.index, error)
    entry.end()
  }

  close(error: unknown): void {
    for (const entry of this.#entries) this.withdraw(entry, error)
  }

  #granted(entry: Entry<Topic>): void {
    entry.hasMemory = true
    this.#queue(entry)
  }

  #queue(entry: Entry<Topic>): void {
    const line = this.#lines.get(entry.topic)
    if (line !== undefined) line.add(entry)
    else if (entry.topic.canPlace(entry.draft)) this.#pass(entry)
    else {
      this.#lines.set(entry.topic, new Set([entry]))
      this.#find(entry.topic)
    }
  }

  #find(topic: Topic): void {
    topic.find().then(
      () => this.#takeLine(topic).forEach((entry) => this.#pass(entry)),
      (error: unknown) => this.#notFound(topic, error),
    )
  }

  // Who came while others had waited long has time left for another try.
  #notFound(topic: Topic, error: unknown): void {
    const patientFromMs = this.#terms.clock.monotonicMs() + this.#terms.retryBackoffMaxMs
    const mayPass = error instanceof KafkaError && error.retriable
    const line = this.#takeLine(topic)
    const isPatient = (entry: Entry<Topic>): boolean => mayPass && entry.deadlineMs > patientFromMs
    const patient = new Set([...line].filter(isPatient))
    if (patient.size > 0) {
      this.#lines.set(topic, patient)
      this.#find(topic)
    }
    for (const entry of line) if (!patient.has(entry)) this.withdraw(entry, error)
  }

  #takeLine(topic: Topic): ReadonlySet<Entry<Topic>> {
    const line = this.#lines.get(topic) ?? new Set()
    this.#lines.delete(topic)
    return line
  }

  #pass(entry: Entry<Topic>): void {
    this.#leave(entry)
    this.#admit(entry)
    entry.end()
  }

  #leave(entry: Entry<Topic>): void {
    this.#entries.delete(entry)
    if (this.#entries.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #turnAway(): void {
    this.#timer = undefined
    const nowMs = this.#terms.clock.monotonicMs()
    for (const entry of this.#entries) {
      if (entry.deadlineMs > nowMs) {
        this.#timer = this.#terms.clock.setTimer(Math.ceil(entry.deadlineMs - nowMs), () => this.#turnAway())
        return
      }
      this.withdraw(entry, this.#tooLong(entry))
    }
  }

  #tooLong(entry: Entry<Topic>): TimeoutError {
    const { maxBlockMs, bufferBytes } = this.#terms
    const what = entry.hasMemory ? 'no metadata' : `no room in the buffer (bufferMemory, ${bufferBytes} bytes)`
    const cause = this.#terms.failure()
    return new TimeoutError(`${what} for a record of ${entry.topic.name} within ${maxBlockMs} ms (maxBlockMs)`, {
      cause,
    })
  }
}
