import type { BrokerEpoch, BrokerId, Clock, Logger, Random, Revision } from '@millrace/kernel'
import { asRevision, errorMessage } from '@millrace/kernel'
import type {
  ControllerRules,
  ControllerView,
  DecisionBatch,
  ItemDecision,
  MetadataImage,
  PartitionWrite,
  StoreTransaction,
} from '@millrace/machines'
import {
  authorOfController,
  batchDecisions,
  batchWrites,
  claimController,
  reconcile,
  transactionOf,
} from '@millrace/machines'
import type { CommitResult, MetadataStore, Session } from '@millrace/metadata'
import { noBroker } from '@millrace/machines'
import type { ImageKeeper } from './image-keeper.ts'

export interface ControllerRuntimeOptions {
  readonly store: MetadataStore
  readonly images: ImageKeeper
  readonly rules: ControllerRules
  readonly random: Random
  readonly clock: Clock
  /** The clock of the metadata store, by which leases count. */
  readonly leaseClock: Clock
  readonly log: Logger
  /** Resolves when others had their turn of the event loop. */
  readonly endOfTurn: () => Promise<void>
}

/** This broker in this life: what its controller key hangs on. */
export interface ControllerCandidate {
  readonly brokerId: BrokerId
  readonly brokerEpoch: BrokerEpoch
  readonly session: Session
}

/** The decision about some items of a request; asked again, with a newer image, for those that met a conflict. */
export type Decide<Item, Answer> = (
  view: ControllerView,
  items: readonly Item[],
) => Iterable<ItemDecision<Item, Answer>>

const attemptsMax = 10
// Part of a lease's time that may be relied on, so that nobody else can have been elected before it ends.
const safeLeasePart = 0.7

/**
 * Competes for being the controller, and runs what the controller decides, one command at a time, against the
 * metadata store: committed only while the controller's key still is this broker's, and answered when this broker's
 * own image has it.
 */
export class ControllerRuntime {
  readonly #options: ControllerRuntimeOptions
  #candidate: ControllerCandidate | undefined
  #queue: Promise<void> = Promise.resolve()
  #reconciled: MetadataImage | null = null
  #isReconcilePlanned = false
  #isClaiming = false
  #isClosed = false

  constructor(options: ControllerRuntimeOptions) {
    this.#options = options
    options.images.onChange(() => this.#imageChanged())
  }

  get isController(): boolean {
    const image = this.#options.images.current
    return this.#candidate !== undefined && image.controllerId === this.#candidate.brokerId && this.#hasLease()
  }

  /** The broker is registered: it may be the controller from now on. Resolves when the cluster has one. */
  async start(candidate: ControllerCandidate): Promise<void> {
    this.#candidate = candidate
    this.#reconciled = null
    await this.#claim()
    if (this.isController) await this.#enqueue(() => this.#reconcile())
  }

  /** Decides about each item and commits it; the answers come in the order of the decisions. */
  decide<Item, Answer>(items: readonly Item[], decide: Decide<Item, Answer>): Promise<Answer[]> {
    return this.#enqueue(() => this.#decide(items, decide))
  }

  /** Commits one transaction of this broker's own, decided anew after each conflict. Null: gave up. */
  commitOwn<Result>(
    decide: (image: MetadataImage) => { readonly transaction: StoreTransaction; readonly result: Result },
  ): Promise<Result | null> {
    return this.#enqueue(async () => {
      for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
        const image = this.#options.images.current
        const { transaction, result } = decide(image)
        const committed = await this.#options.store.commit(transaction)
        if (committed.kind === 'committed') {
          await this.#options.images.waitFor(committed.revision)
          return result
        }
        if (committed.kind === 'unknown') return null
        await this.#newerThan(image)
      }
      return null
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#queue
  }

  #imageChanged(): void {
    if (this.#isClosed || this.#candidate === undefined) return
    if (this.#options.images.current.controllerId === noBroker) void this.#claim()
    else if (this.isController) this.#planReconcile()
  }

  // One try; a conflict means that somebody else was faster, and the image will say who.
  async #claim(): Promise<void> {
    const candidate = this.#candidate
    if (candidate === undefined || this.#isClaiming || this.#options.images.current.controllerId !== noBroker) return
    this.#isClaiming = true
    try {
      const { brokerId, brokerEpoch, session } = candidate
      const committed = await this.#options.store.commit(
        claimController({ id: brokerId, epoch: brokerEpoch }, session.id),
      )
      if (committed.kind === 'committed') await this.#options.images.waitFor(committed.revision)
    } catch (error) {
      this.#options.log.warn('could not try to become controller', { reason: errorMessage(error) })
    } finally {
      this.#isClaiming = false
    }
  }

  #hasLease(): boolean {
    const session = this.#candidate?.session
    if (session === undefined) return false
    return this.#options.leaseClock.monotonicMs() - session.renewedAtMs < safeLeasePart * session.ttlMs
  }

  #enqueue<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work)
    this.#queue = settled(result)
    return result
  }

  #view(image: MetadataImage): ControllerView {
    const { rules, clock, random } = this.#options
    const env = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), random }
    return { image, author: authorOfController(image), rules, env }
  }

  async #decide<Item, Answer>(items: readonly Item[], decide: Decide<Item, Answer>): Promise<Answer[]> {
    const answers: Answer[] = []
    let open = items
    let revision = asRevision(0)
    for (let attempt = 0; open.length > 0; attempt += 1) {
      const image = this.#options.images.current
      const again: Item[] = []
      for (const batch of batchDecisions(decide(this.#view(image), open))) {
        for (const { decision, end } of await this.#commitBatch(batch)) {
          if (end.kind === 'conflict' && attempt < attemptsMax) again.push(decision.item)
          else answers.push(answerOf(decision, end))
          if (end.kind === 'committed') revision = end.revision > revision ? end.revision : revision
        }
        // A store in memory answers at once: without a pause nobody else would have a turn, nor the lease be renewed.
        await this.#options.endOfTurn()
      }
      open = again
      if (open.length > 0) await this.#newerThan(image)
    }
    await this.#options.images.waitFor(revision)
    return answers
  }

  /** How each decision ended. One of several that meets a conflict brings all down: then each is on its own. */
  async #commitBatch<Item, Answer>(batch: DecisionBatch<Item, Answer>): Promise<Ended<Item, Answer>[]> {
    const { decisions, transaction } = batch
    if (transaction !== null && decisions.length > 1 && this.isController) {
      const end = await this.#options.store.commit(transaction)
      const endOf = ({ transactions }: ItemDecision<Item, Answer>) => (transactions.length === 0 ? nothing : end)
      if (end.kind !== 'conflict') return decisions.map((decision) => ({ decision, end: endOf(decision) }))
    }
    const ended: Ended<Item, Answer>[] = []
    for (const decision of decisions) ended.push({ decision, end: await this.#commitAll(decision) })
    return ended
  }

  async #commitAll<Item, Answer>({ transactions }: ItemDecision<Item, Answer>): Promise<Committed> {
    if (transactions.length === 0) return nothing
    if (!this.isController) return { kind: 'refused' }
    let last: CommitResult = { kind: 'conflict' }
    for (const [i, transaction] of transactions.entries()) {
      last = await this.#options.store.commit(transaction)
      // The first one makes it so; where a later one fails, the next reconciliation brings what it would have written.
      if (last.kind !== 'committed') return i === 0 ? last : { kind: 'unknown', reason: 'written in part' }
    }
    return last
  }

  #newerThan(image: MetadataImage): Promise<MetadataImage> {
    return this.#options.images.waitFor(asRevision(image.revision + 1))
  }

  #planReconcile(): void {
    if (this.#isReconcilePlanned) return
    this.#isReconcilePlanned = true
    void this.#enqueue(async () => {
      this.#isReconcilePlanned = false
      await this.#reconcile()
    }).catch((error: unknown) => {
      this.#options.log.error('the controller could not put partitions right', { reason: errorMessage(error) })
    })
  }

  async #reconcile(): Promise<void> {
    if (!this.isController || this.#isClosed) return
    const image = this.#options.images.current
    const { writes, notices } = reconcile(this.#view(image), this.#reconciled)
    this.#reconciled = image
    for (const { kind, topic, partition, leader } of notices) {
      this.#options.log.warn('election', { kind, topic, partition, leader })
    }
    let revision = asRevision(0)
    for (const batch of batchWrites(authorOfController(image), writes)) {
      const committed = await this.#options.store.commit(batch.transaction)
      if (committed.kind === 'committed') revision = committed.revision
      else revision = (await this.#commitSingly(image, batch.writes)) ?? revision
    }
    await this.#options.images.waitFor(revision)
  }

  // One of many conditions failed: each partition for itself. What conflicts again is decided with the next image.
  async #commitSingly(image: MetadataImage, writes: readonly PartitionWrite[]): Promise<Revision | undefined> {
    let revision: Revision | undefined
    for (const write of writes) {
      const committed = await this.#options.store.commit(transactionOf(authorOfController(image), [write]))
      if (committed.kind === 'committed') revision = committed.revision
      else this.#reconciled = null
    }
    return revision
  }
}

/** When it is over, however it went. */
async function settled(work: Promise<unknown>): Promise<void> {
  await Promise.allSettled([work])
}

type Committed = CommitResult | { readonly kind: 'refused' }

const nothing: Committed = { kind: 'committed', revision: asRevision(0) }

interface Ended<Item, Answer> {
  readonly decision: ItemDecision<Item, Answer>
  readonly end: Committed
}

function answerOf<Item, Answer>({ answer, refuse }: ItemDecision<Item, Answer>, end: Committed): Answer {
  switch (end.kind) {
    case 'committed':
      return answer
    case 'refused':
      return refuse('NOT_CONTROLLER', 'this broker is not the controller')
    case 'conflict':
      return refuse('REQUEST_TIMED_OUT', 'the metadata changed under every attempt')
    case 'unknown':
    default:
      return refuse('REQUEST_TIMED_OUT', `the metadata store did not say how it went: ${end.reason}`)
  }
}
