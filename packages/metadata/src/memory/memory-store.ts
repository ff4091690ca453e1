import type { Clock, Random, Revision } from '@millrace/kernel'
import { LeasedSession } from '../leased-session.ts'
import type { CommitResult, MetadataStore, Session, Snapshot, Transaction, Watch, WatchListener } from '../store.ts'
import { WatchFeed } from '../watch-feed.ts'
import { MemorySpace } from './memory-space.ts'

export interface MemoryStoreOptions {
  /**
   * Times the sessions. A broker whose clock a test moves gives the host's here: moving time by a week would mean
   * 300,000 renewals otherwise.
   */
  readonly clock: Clock
  readonly random: Random
  /** The key space, where several stores share one; a new one otherwise. */
  readonly space?: MemorySpace
}

/** The metadata of brokers that live in this process and keep nothing: tests, simulation, embedded brokers. */
export function memoryStore(options: MemoryStoreOptions): MetadataStore {
  return new MemoryStore(options)
}

class MemoryStore implements MetadataStore {
  readonly #clock: Clock
  readonly #random: Random
  readonly #space: MemorySpace
  readonly #feed = new WatchFeed()
  readonly #sessions = new Set<LeasedSession>()
  readonly #stopListening: () => void
  /** Watches hear of a change after the code that made it has run, as they would from a store elsewhere. */
  #delivered: Promise<void> = Promise.resolve()

  constructor(options: MemoryStoreOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.#space = options.space ?? new MemorySpace(options.clock)
    this.#stopListening = this.#space.onChange((revision, changes) => {
      this.#delivered = this.#delivered.then(() => this.#feed.deliver(revision, changes))
    })
  }

  read(prefix: string): Promise<Snapshot> {
    return Promise.resolve(this.#space.snapshot(prefix))
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    const result = this.#space.commit(transaction)
    await this.#delivered
    return result
  }

  watch(prefix: string, from: Revision, listener: WatchListener): Watch {
    return this.#feed.open(prefix, listener, (answer) => {
      this.#delivered = this.#delivered.then(() => answer(this.#space.since(from)))
    })
  }

  openSession(ttlMs: number): Promise<Session> {
    const id = this.#random.uuid()
    const openedAtMs = this.#clock.monotonicMs()
    this.#space.openSession(id, ttlMs)
    const session = new LeasedSession(id, ttlMs, openedAtMs, this.#clock, {
      renew: () => Promise.resolve(this.#space.renewSession(id) ? 'alive' : 'gone'),
      end: () => {
        this.#sessions.delete(session)
        this.#space.endSession(id)
        return this.#delivered
      },
    })
    this.#sessions.add(session)
    return Promise.resolve(session)
  }

  close(): Promise<void> {
    for (const session of this.#sessions) session.abandon()
    this.#stopListening()
    this.#feed.close()
    return Promise.resolve()
  }
}
