import type { Clock, Logger, Random, Revision } from '@millrace/kernel'
import { errorMessage, silentLogger } from '@millrace/kernel'
import { mkdirSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Renewal } from '../leased-session.ts'
import { LeasedSession } from '../leased-session.ts'
import { historyChangesMax } from '../memory/memory-space.ts'
import type { CommitResult, MetadataStore, Session, Snapshot, Transaction, Watch, WatchListener } from '../store.ts'
import { checkTransaction } from '../check-transaction.ts'
import { WatchFeed } from '../watch-feed.ts'
import { bootId } from './boot-id.ts'
import type { Answer, Question, WorkerMessage, WorkerSettings } from './messages.ts'

export interface EmbeddedStoreOptions {
  /** The store's file; others lie beside it. Every broker of the cluster names the same one. */
  readonly path: string
  /**
   * When sessions are renewed. Give the host's clock, also to a broker whose clock a test moves: what the sessions
   * are measured by is the machine's own time.
   */
  readonly clock: Clock
  readonly random: Random
  readonly log?: Logger
  /** How often to look for what other processes wrote. */
  readonly pollMs?: number
  /** How many changes are kept for watches that come late. */
  readonly historyMax?: number
}

/** Opens the store, creating it where it isn't. Rejects where its file was written by a newer version. */
export async function embeddedStore(options: EmbeddedStoreOptions): Promise<MetadataStore> {
  mkdirSync(dirname(options.path), { recursive: true })
  const store = new EmbeddedStore(options)
  await store.opened
  return store
}

// The sources run as they are in the checkout, and compiled where they are installed.
const workerUrl = new URL(`./store-worker${extname(fileURLToPath(import.meta.url))}`, import.meta.url)

class EmbeddedStore implements MetadataStore {
  readonly opened: Promise<void>
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Logger
  readonly #worker: Worker
  readonly #feed = new WatchFeed()
  readonly #sessions = new Set<LeasedSession>()
  readonly #asked = new Map<number, (answer: Answer) => void>()
  #lastId = 0
  #stopped: string | null = null

  constructor({
    path,
    clock,
    random,
    log = silentLogger,
    pollMs = 50,
    historyMax = historyChangesMax,
  }: EmbeddedStoreOptions) {
    this.#clock = clock
    this.#random = random
    this.#log = log
    const settings: WorkerSettings = { path, bootId: bootId(), pollMs, historyMax }
    // The options of the program's own command line, such as --input-type, aren't for this file.
    this.#worker = new Worker(workerUrl, { workerData: settings, name: 'millrace-metadata', execArgv: [] })
    this.opened = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: WorkerMessage) => this.#heard(message, resolve, reject))
      this.#worker.on('error', (error) => {
        this.#log.error('the metadata store has stopped', { path, reason: errorMessage(error) })
        this.#stop(`the metadata store's worker failed: ${errorMessage(error)}`, reject)
      })
      this.#worker.on('exit', () => this.#stop(`the metadata store is closed: ${path}`, reject))
    })
  }

  async read(prefix: string): Promise<Snapshot> {
    const answer = await this.#ask({ kind: 'read', prefix })
    if (answer.kind === 'read') return answer.snapshot
    throw new Error(`the metadata store can't be read: ${reasonOf(answer)}`)
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    checkTransaction(transaction)
    const answer = await this.#ask({ kind: 'commit', transaction })
    return answer.kind === 'commit' ? answer.result : { kind: 'unknown', reason: reasonOf(answer) }
  }

  watch(prefix: string, from: Revision, listener: WatchListener): Watch {
    return this.#feed.open(prefix, listener, (answer) => {
      this.#askThen({ kind: 'since', from }, (reply) => {
        if (reply.kind === 'since') answer(reply.backlog)
        else this.#log.error('a watch of the metadata store failed', { prefix, reason: reasonOf(reply) })
      })
    })
  }

  async openSession(ttlMs: number): Promise<Session> {
    const id = this.#random.uuid()
    const openedAtMs = this.#clock.monotonicMs()
    const answer = await this.#ask({ kind: 'openSession', sessionId: id, ttlMs })
    if (answer.kind !== 'done') throw new Error(`no session of the metadata store: ${reasonOf(answer)}`)
    const session = new LeasedSession(id, ttlMs, openedAtMs, this.#clock, {
      renew: () => this.#renew(id),
      end: () => this.#endSession(session),
    })
    this.#sessions.add(session)
    return session
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.abandon()
    this.#feed.close()
    if (this.#stopped !== null) return
    await this.#ask({ kind: 'close' })
    await this.#worker.terminate()
  }

  async #renew(sessionId: string): Promise<Renewal> {
    const answer = await this.#ask({ kind: 'renewSession', sessionId })
    return answer.kind === 'renewSession' ? answer.renewal : 'unknown'
  }

  async #endSession(session: LeasedSession): Promise<void> {
    this.#sessions.delete(session)
    const answer = await this.#ask({ kind: 'endSession', sessionId: session.id })
    // It ends by itself then.
    if (answer.kind === 'failed') this.#log.warn('a session was not ended', { reason: answer.message })
  }

  #ask(question: Question): Promise<Answer> {
    return new Promise((resolve) => this.#askThen(question, resolve))
  }

  #askThen(question: Question, then: (answer: Answer) => void): void {
    if (this.#stopped !== null) return then({ kind: 'failed', message: this.#stopped })
    this.#lastId += 1
    this.#asked.set(this.#lastId, then)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
    this.#worker.postMessage({ id: this.#lastId, question })
  }

  #heard(message: WorkerMessage, ready: () => void, refused: (error: Error) => void): void {
    switch (message.kind) {
      case 'ready':
        return ready()
      case 'refused':
        return refused(new Error(message.message))
      case 'answer':
        return this.#answered(message.id, message.answer)
      case 'changed':
        return this.#feed.deliver(message.revision, message.changes)
      case 'replaced':
        return this.#feed.replace(message.snapshot)
      case 'trouble':
        return this.#log.warn('the metadata store has trouble', { reason: message.message })
    }
  }

  #answered(id: number, answer: Answer): void {
    const then = this.#asked.get(id)
    this.#asked.delete(id)
    then?.(answer)
  }

  #stop(reason: string, refused: (error: Error) => void): void {
    this.#stopped ??= reason
    refused(new Error(reason))
    const waiting = [...this.#asked.values()]
    this.#asked.clear()
    for (const then of waiting) then({ kind: 'failed', message: this.#stopped })
  }
}

const reasonOf = (answer: Answer): string => (answer.kind === 'failed' ? answer.message : `it answered ${answer.kind}`)
