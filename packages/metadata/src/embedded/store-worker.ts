// The half of the embedded store that blocks: SQLite, in a thread of its own. It is the host's side of the store, so it
// polls by the host's time: other processes move with that, not with a test's clock. It imports little, and nothing of
// the kernel but types: a broker's start waits for it, and half of that was loading files.
import { setInterval } from 'node:timers'
import type { MessagePort } from 'node:worker_threads'
import { parentPort, workerData } from 'node:worker_threads'
import type { CommitResult } from '../store.ts'
import { MetadataDatabase } from './database.ts'
import { Deadlines } from './deadlines.ts'
import { machineMonotonicMs } from './machine-time.ts'
import type { Answer, NumberedQuestion, Question, WorkerMessage, WorkerSettings } from './messages.ts'

/** How many polls lie between two looks for sessions that ran out. */
const pollsPerExpiry = 4

class StoreWorker {
  readonly #port: MessagePort
  readonly #boot: string
  readonly #database: MetadataDatabase
  readonly #deadlines: Deadlines
  readonly #ttlsMs = new Map<string, number>()
  #commits: { readonly id: number; readonly question: Extract<Question, { kind: 'commit' }> }[] = []
  #told
  #dataVersion
  #polls = 0
  readonly #polling

  constructor(port: MessagePort, settings: WorkerSettings) {
    this.#port = port
    this.#boot = settings.bootId
    this.#database = new MetadataDatabase(settings.path, settings.historyMax)
    this.#deadlines = new Deadlines(settings.path, this.#boot)
    this.#told = this.#database.revision()
    this.#dataVersion = this.#database.dataVersion()
    this.#expireSessions()
    this.#polling = setInterval(() => this.#poll(), settings.pollMs)
    port.on('message', (message: NumberedQuestion) => this.#ask(message))
    this.#say({ kind: 'ready' })
  }

  #say(message: WorkerMessage): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
    this.#port.postMessage(message)
  }

  #ask({ id, question }: NumberedQuestion): void {
    if (question.kind === 'commit') {
      // All that this turn brings is one write to the disk.
      if (this.#commits.length === 0) setImmediate(() => this.#commitAll())
      this.#commits.push({ id, question })
      return
    }
    this.#commitAll()
    this.#say({ kind: 'answer', id, answer: this.#answer(question) })
    if (question.kind === 'close') this.#close()
  }

  #answer(question: Exclude<Question, { kind: 'commit' }>): Answer {
    try {
      return this.#answerOrThrow(question)
    } catch (error) {
      return { kind: 'failed', message: errorMessage(error) }
    }
  }

  // oxlint-disable-next-line typescript/consistent-return -- every kind returns
  #answerOrThrow(question: Exclude<Question, { kind: 'commit' }>): Answer {
    switch (question.kind) {
      case 'read':
        return { kind: 'read', snapshot: this.#database.snapshot(question.prefix) }
      case 'since':
        this.#tell()
        return { kind: 'since', backlog: this.#database.since(question.from) }
      case 'openSession':
        this.#openSession(question.sessionId, question.ttlMs)
        return { kind: 'done' }
      case 'renewSession':
        return { kind: 'renewSession', renewal: this.#renew(question.sessionId) }
      case 'endSession':
        this.#endSession(question.sessionId)
        this.#tell()
        return { kind: 'done' }
      case 'close':
        return { kind: 'done' }
    }
  }

  #commitAll(): void {
    const commits = this.#commits
    if (commits.length === 0) return
    this.#commits = []
    const results = this.#commit(commits)
    this.#inBackground(() => this.#tell())
    for (const [i, { id }] of commits.entries()) {
      const result = results[i] ?? { kind: 'unknown', reason: 'no result' }
      this.#say({ kind: 'answer', id, answer: { kind: 'commit', result } })
    }
  }

  #commit(commits: readonly { readonly question: Extract<Question, { kind: 'commit' }> }[]): CommitResult[] {
    try {
      return this.#database.commit(commits.map(({ question }) => question.transaction))
    } catch (error) {
      // Whether a COMMIT that failed is on the disk can't be told from here.
      return commits.map(() => ({ kind: 'unknown', reason: errorMessage(error) }))
    }
  }

  /** Tells of the revisions that the other half doesn't know yet, whoever made them. */
  #tell(): void {
    const backlog = this.#database.since(this.#told)
    if (backlog.kind === 'snapshot') {
      this.#told = backlog.snapshot.revision
      this.#say({ kind: 'replaced', snapshot: backlog.snapshot })
    } else if (backlog.revision > this.#told) {
      this.#told = backlog.revision
      this.#say({ kind: 'changed', revision: backlog.revision, changes: backlog.changes })
    }
  }

  #poll(): void {
    this.#inBackground(() => {
      this.#polls += 1
      if (this.#polls % pollsPerExpiry === 0) this.#expireSessions()
      const dataVersion = this.#database.dataVersion()
      if (dataVersion === this.#dataVersion) return
      this.#tell()
      this.#dataVersion = dataVersion
    })
  }

  // What fails here is tried again by the next poll.
  #inBackground(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#dataVersion = -1
      this.#say({ kind: 'trouble', message: errorMessage(error) })
    }
  }

  #openSession(sessionId: string, ttlMs: number): void {
    // The deadline first: a session without one counts as ended.
    this.#deadlines.put(sessionId, machineMonotonicMs() + ttlMs)
    this.#database.addSession(sessionId, ttlMs, this.#boot)
    this.#ttlsMs.set(sessionId, ttlMs)
  }

  #renew(sessionId: string): 'alive' | 'gone' {
    const ttlMs = this.#ttlsMs.get(sessionId)
    if (ttlMs !== undefined && this.#deadlines.extend(sessionId, machineMonotonicMs() + ttlMs)) return 'alive'
    this.#ttlsMs.delete(sessionId)
    return 'gone'
  }

  #endSession(sessionId: string): void {
    this.#ttlsMs.delete(sessionId)
    this.#deadlines.remove(sessionId)
    this.#database.removeSession(sessionId)
  }

  #expireSessions(): void {
    const deadlines = this.#deadlines.all()
    const nowMs = machineMonotonicMs()
    for (const { id, bootId: boot } of this.#database.sessions()) {
      if (boot === this.#boot && (deadlines.get(id) ?? -1) >= nowMs) continue
      if (boot === this.#boot) {
        this.#deadlines.claim(id, nowMs)
        // Renewed between our two looks: it lives.
        if (this.#deadlines.all().has(id)) continue
      }
      this.#database.removeSession(id)
    }
    this.#tell()
  }

  #close(): void {
    clearInterval(this.#polling)
    this.#deadlines.close()
    this.#database.close()
    this.#port.close()
  }
}

const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function start(port: MessagePort): void {
  try {
    // What the other half gives its worker.
    const worker = new StoreWorker(port, workerData as WorkerSettings)
    void worker
  } catch (error) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
    port.postMessage({ kind: 'refused', message: errorMessage(error) } satisfies WorkerMessage)
    port.close()
  }
}

if (parentPort !== null) start(parentPort)
