import { errorMessage } from '@millrace/kernel'
import type { TopicPartition } from '../../record.ts'
import type { PlainConsumerOptions } from '../consumer-api.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import type { OwnOffsets } from '../offsets/own-offsets.ts'
import { findEnd, place } from '../offsets/seeking.ts'
import type { Coming, Start, Started } from '../offsets/start-offsets.ts'
import { noUsableOffset, placedTogetherMs, resolvePositions, startOffsets } from '../offsets/start-offsets.ts'
import type { AwaitedCalls } from './awaited-calls.ts'
import { keyOf, PartitionState, plain } from './partition-state.ts'
import { asThrown, ThrownByProgram } from './thrown-by-program.ts'

type Callbacks = Pick<PlainConsumerOptions, 'onAssigned' | 'onRevoked' | 'onLost'>

/** How partitions come to a consumer and leave it. */
export class Assignments {
  readonly #context: ConsumerContext
  readonly #offsets: OwnOffsets
  readonly #callbacks: Callbacks
  /** Told of a partition that goes while somebody may be working on it. */
  readonly #onLeaving: (state: PartitionState) => void
  readonly #calls: AwaitedCalls
  /** What comes and goes does so in turn, so that nothing is told of twice. Never rejects. */
  #turn: Promise<void> = Promise.resolve()
  #isSettled = false
  /** Partitions that were ours before. */
  readonly #begun = new Set<string>()

  constructor(
    context: ConsumerContext,
    offsets: OwnOffsets,
    callbacks: Callbacks,
    calls: AwaitedCalls,
    onLeaving: (state: PartitionState) => void,
  ) {
    this.#context = context
    this.#offsets = offsets
    this.#callbacks = callbacks
    this.#calls = calls
    this.#onLeaving = onLeaving
  }

  /** Whether there is an assignment, be it an empty one, and not a round of the group that will bring another. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Adds partitions. They are read once `onAssigned` has resolved, from where they start or it has sought to. */
  assign(partitions: readonly Start[]): Promise<void> {
    return this.#inTurn(() => this.#assign(partitions))
  }

  /** Nothing more of these comes out; what is in hand may be finished first, for as long as the group waits. */
  revoke(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#inTurn(() => this.#revoke(partitions))
  }

  /** These are somebody else's already. */
  lose(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#inTurn(() => this.#lose(partitions))
  }

  /** The consumer is closed: what it had goes to others. */
  giveUpAll(): Promise<void> {
    return this.#inTurn(() => this.#giveUpAll())
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    const over = (): void => undefined
    this.#turn = done.then(over, over)
    return done
  }

  async #assign(partitions: readonly Start[]): Promise<void> {
    const { cluster, settings, stop } = this.#context
    stop.throwIfAborted()
    this.#isSettled = false
    const starts = await startOffsets(
      cluster,
      settings,
      partitions.map((each) => this.#coming(each)),
      stop,
    )
    const ends = await this.#ends(partitions)
    for (const each of starts) {
      const state = new PartitionState(each, each.offset, each.leaderEpoch)
      state.resetting = each.offset < 0
      if (each.offset < 0) state.startsAt = each.start
      state.committedOffset = each.committedOffset
      state.stopAt = ends.get(keyOf(each)) ?? Infinity
      if (settings.atMostOnce) state.claimedTo = each.offset
      state.held = true
      this.#context.partitions.add(state)
      if (settings.stopAtEnd && state.stopAt === Infinity) void findEnd(this.#context, state)
    }
    try {
      await this.#call('onAssigned', partitions)
      this.#placeOthers(starts)
    } catch (error) {
      this.#drop(partitions)
      throw error
    }
    for (const state of this.#context.partitions.these(partitions)) {
      state.held = false
      this.#begun.add(state.key)
    }
    this.#isSettled = true
    this.#context.wake()
  }

  // What the group has is newer than where this consumer began.
  #coming({ start, ...each }: Start): Coming {
    const otherwise = this.#context.settings.start
    return { ...each, start: start ?? (this.#begun.has(keyOf(each)) ? undefined : otherwise), otherwise }
  }

  // Nobody could say yet where these start, and the program hasn't said it in `onAssigned`.
  #placeOthers(starts: readonly Started[]): void {
    for (const { start, offset, ...each } of starts) {
      const state = this.#context.partitions.get(each)
      if (offset >= 0 || state === undefined || state.movesAsked > 0) continue
      if (start === undefined) throw noUsableOffset(each)
      void place(this.#context, state, start)
    }
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    this.#isSettled = false
    const leaving = this.#context.partitions.these(partitions)
    for (const state of leaving) {
      state.held = true
      this.#onLeaving(state)
    }
    await Promise.all(leaving.map((state) => this.#idle(state)))
    await this.#offsets.commitDone('revoked')
    await this.#call('onRevoked', partitions)
    this.#drop(partitions)
  }

  async #lose(partitions: readonly TopicPartition[]): Promise<void> {
    this.#isSettled = false
    for (const state of this.#context.partitions.these(partitions)) this.#onLeaving(state)
    this.#drop(partitions)
    await this.#call('onLost', partitions)
  }

  async #giveUpAll(): Promise<void> {
    const { partitions, cluster } = this.#context
    const all = Array.from(partitions, plain)
    if (all.length === 0) return
    await this.#offsets.commitDone('closed')
    try {
      await this.#call('onRevoked', all)
    } catch (error) {
      cluster.settings.logger.warn('onRevoked failed while the consumer was closed', {
        error: errorMessage(asThrown(error)),
      })
    }
    this.#drop(all)
  }

  // It mustn't be taken for a fault of the group's, which would be tried again.
  async #call(name: keyof Callbacks, partitions: readonly TopicPartition[]): Promise<void> {
    try {
      await this.#calls.run(() => this.#callbacks[name]?.(partitions.map(plain)))
    } catch (error) {
      throw new ThrownByProgram(error)
    }
  }

  #drop(partitions: readonly TopicPartition[]): void {
    for (const state of this.#context.partitions.these(partitions)) {
      state.held = true
      this.#context.partitions.remove(state)
    }
  }

  async #ends(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    const { cluster, settings, stop } = this.#context
    if (!settings.stopAtEnd) return new Map()
    const starts = partitions.map((each) => ({ ...plain(each), start: 'latest' as const }))
    const found = await resolvePositions(cluster, settings, starts, stop, placedTogetherMs)
    return new Map(found.map((each) => [keyOf(each), each.offset]))
  }

  #idle(state: PartitionState): Promise<void> {
    const { cluster, settings } = this.#context
    if (!state.inHand) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = cluster.settings.clock.setTimer(settings.maxPollIntervalMs, resolve)
      state.whenIdle(() => {
        timer.cancel()
        resolve()
      })
    })
  }
}
