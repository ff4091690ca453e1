import { errorMessage } from '@millrace/kernel'
import type { Assignor } from '@millrace/machines'
import { decodeAssignment, encodeSubscription } from '@millrace/machines'
import type { Committer } from '../../admin/group-offsets.ts'
import { abortable, delay } from '../../cluster/abort.ts'
import { backoffMs, isRetriableError } from '../../cluster/retry.ts'
import type { TopicPartition } from '../../record.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { logDebug } from '../consumer-context.ts'
import { keyOf } from '../reading/partition-state.ts'
import { asThrown } from '../reading/thrown-by-program.ts'
import type { SubscribedTopics } from '../topics.ts'
import { GroupRequests } from './group-requests.ts'
import { Heartbeats } from './heartbeats.ts'
import { Rejoin } from './rejoin.ts'
import { SharingOut } from './sharing-out.ts'

/** What a member does with what the group gives it. Each may take its time; the group waits for `revoke`. */
export interface MemberEvents {
  /** These go to somebody else: commit what is done, then let go of them. */
  revoke(partitions: readonly TopicPartition[]): Promise<void>
  /** These are somebody else's already. */
  lose(partitions: readonly TopicPartition[]): Promise<void>
  /** These are ours now. */
  assign(partitions: readonly TopicPartition[]): Promise<void>
}

const tooSlow = 'the loop took longer than maxPollIntervalMs'

const without = (all: readonly TopicPartition[], some: readonly TopicPartition[]): TopicPartition[] => {
  const keys = new Set(some.map(keyOf))
  return all.filter((each) => !keys.has(keyOf(each)))
}

/** One member of a classic consumer group: joins, is told its partitions, says that it is alive, joins again. */
export class GroupMember {
  readonly #context: ConsumerContext
  readonly #topics: SubscribedTopics
  readonly #events: MemberEvents
  readonly #requests: GroupRequests
  readonly #sharing: SharingOut
  readonly #cooperative: boolean
  readonly #stop = new AbortController()
  #owned: readonly TopicPartition[] = []
  #ownedSince = -1
  /** What the group gave us last, which sticky assignors tell the leader also after it was given up. */
  #lastShare: { readonly partitions: readonly TopicPartition[]; readonly generation: number } | null = null
  #heartbeats: Heartbeats | undefined
  #reason = 'the consumer started'
  #running: Promise<void> | undefined
  #shutOut: unknown
  /** While it has left because the loop is too slow: settled when the loop comes back, by `#back`. */
  #away: Promise<void> | undefined
  #back: (() => void) | undefined

  constructor(context: ConsumerContext, groupId: string, topics: SubscribedTopics, events: MemberEvents) {
    this.#context = context
    this.#topics = topics
    this.#events = events
    this.#requests = new GroupRequests(context, groupId)
    this.#sharing = new SharingOut(context, topics)
    this.#cooperative = context.settings.assignors.every(({ protocols }) => protocols.includes('COOPERATIVE'))
  }

  /** Who commits, as the group knows it. */
  get committer(): Committer {
    return this.#requests.committer
  }

  /** Whether the group may be in a generation that we haven't heard of yet. */
  get joining(): boolean {
    return this.#requests.joining
  }

  /** Whether it has left until the loop comes back. */
  get isAway(): boolean {
    return this.#away !== undefined
  }

  /** What made it impossible to be a member, until a loop tries again. */
  get shutOut(): unknown {
    return this.#shutOut
  }

  start(): void {
    if (this.#running !== undefined) return
    this.#shutOut = undefined
    this.#running = this.#run()
  }

  /** Asks the group for a new round. */
  rejoin(reason: string): void {
    this.#heartbeats?.end(new Rejoin(false, reason))
  }

  /** Leaves because the loop takes too long; it joins again when the loop comes back (`comeBack`). */
  async leaveForNow(): Promise<void> {
    if (this.#back !== undefined) return
    this.#away = new Promise<void>((resolve) => (this.#back = resolve))
    this.#heartbeats?.end(new Rejoin(true, tooSlow))
    await this.#leave(tooSlow, this.#isDynamic)
  }

  comeBack(): void {
    this.#back?.()
    this.#back = undefined
    this.#away = undefined
  }

  /** Takes part in no further round; the group still hears that we are there. */
  stopJoining(): void {
    this.#stop.abort(new Error('the consumer is closed'))
    this.comeBack()
  }

  /** Leaves for good; a static member only where it is told to, so that it may come back unnoticed. */
  async close(leaveGroup: boolean = this.#isDynamic): Promise<void> {
    this.stopJoining()
    this.#stopHeartbeats()
    await this.#running
    await this.#leave('the consumer is being closed', leaveGroup)
  }

  get #isDynamic(): boolean {
    return this.#context.settings.groupInstanceId === null
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#stop.signal.aborted) {
      try {
        await this.#whileAway()
        await this.#joinAndStay(() => (failures = 0))
      } catch (error) {
        if (this.#stop.signal.aborted) return
        failures += 1
        if (!(error instanceof Rejoin) || error.lost) this.#context.counts.failedRebalances += 1
        try {
          await this.#afterEnd(error, failures)
        } catch (fatal) {
          return this.#giveUpAll(fatal)
        }
      }
    }
  }

  // It left while a round was under way, which may have brought it back.
  async #whileAway(): Promise<void> {
    if (this.#away === undefined) return
    await this.#leave(tooSlow, this.#isDynamic)
    await this.#away
  }

  // The group can't be joined as things are; whoever starts another loop has it tried again.
  async #giveUpAll(fatal: unknown): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#shutOut = asThrown(fatal)
    // Others needn't wait for us until our session ends.
    const left = this.#leave('it failed', this.#isDynamic)
    try {
      await this.#loseAll()
    } catch (error) {
      this.#context.cluster.settings.logger.warn('onLost failed', { error: errorMessage(asThrown(error)) })
    }
    await left
    this.#running = undefined
    // Whoever is told may begin anew at once.
    this.#context.fail(fatal)
  }

  async #afterEnd(error: unknown, failures: number): Promise<void> {
    if (error instanceof Rejoin) {
      this.#reason = error.message
      if (error.lost) await this.#loseAll()
      // A group that refuses us over and over isn't asked in a hurry.
      if (failures <= 1) return
    } else {
      this.#requests.mindMove(error)
      if (!isRetriableError(error)) throw error
      logDebug(this.#context, 'the group could not be joined, and is joined again', error)
    }
    const { settings } = this.#context.cluster
    await delay(settings.clock, backoffMs(settings, failures), this.#stop.signal)
  }

  async #joinAndStay(joined: () => void): Promise<void> {
    // The group hears from us while the program gives up what it has, and no longer once we join.
    if (!this.#cooperative && this.#owned.length > 0) await this.#giveUp(this.#owned)
    if (this.#away !== undefined) throw new Rejoin(true, tooSlow)
    this.#stopHeartbeats()
    const assigned = await this.#joinAndSync()
    joined()
    this.#context.counts.rebalances += 1
    const heartbeats = new Heartbeats(this.#context, this.#requests, () => this.#sharing.outdated())
    this.#heartbeats = heartbeats
    if (this.#away !== undefined) heartbeats.end(new Rejoin(true, tooSlow))
    const revoked = without(this.#owned, assigned)
    const added = without(assigned, this.#owned)
    if (revoked.length > 0) await this.#giveUp(revoked)
    this.#owned = assigned
    this.#ownedSince = this.#requests.generation
    this.#lastShare = { partitions: assigned, generation: this.#ownedSince }
    await this.#take(added)
    // What we gave up is shared out in a round that starts when we join again.
    if (this.#cooperative && revoked.length > 0) throw new Rejoin(false, 'partitions were given up for others')
    await abortable(heartbeats.ended, this.#stop.signal)
  }

  // What can't be begun with isn't claimed in the next round, so that the group gives it out again.
  async #take(added: readonly TopicPartition[]): Promise<void> {
    try {
      await this.#events.assign(added)
    } catch (error) {
      this.#owned = without(this.#owned, added)
      throw error
    }
  }

  #stopHeartbeats(): void {
    this.#heartbeats?.stop()
    this.#heartbeats = undefined
  }

  async #joinAndSync(): Promise<readonly TopicPartition[]> {
    const { signal } = this.#stop
    const join = await this.#requests.join(() => this.#protocols(), this.#reason, signal)
    const leads = join.leader === this.#requests.memberId
    const shares = leads ? await this.#sharing.share(join) : []
    return decodeAssignment(await this.#requests.sync(join.protocolName, shares, signal)).partitions
  }

  #protocols(): { name: string; metadata: Uint8Array }[] {
    const topics = this.#topics.names
    this.#sharing.begin(topics)
    return this.#context.settings.assignors.map((assignor) => ({
      name: assignor.name,
      metadata: this.#subscription(assignor, topics),
    }))
  }

  #subscription(assignor: Assignor, topics: readonly string[]): Uint8Array {
    return encodeSubscription({
      topics,
      userData: assignor.userData(this.#lastShare),
      ownedPartitions: this.#owned,
      generationId: this.#owned.length > 0 ? this.#ownedSince : null,
      rackId: this.#context.settings.clientRack === '' ? null : this.#context.settings.clientRack,
    })
  }

  async #giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#events.revoke(partitions)
    this.#owned = without(this.#owned, partitions)
  }

  async #loseAll(): Promise<void> {
    this.#stopHeartbeats()
    const lost = this.#owned
    this.#owned = []
    if (lost.length > 0) await this.#events.lose(lost)
  }

  async #leave(reason: string, leaves: boolean): Promise<void> {
    // A static member stays until its session ends.
    if (!leaves) return
    try {
      await this.#requests.leave(reason)
    } catch (error) {
      // The session timeout does the same, later.
      this.#context.cluster.settings.logger.debug('leaving the group failed', { error: errorMessage(error) })
    }
  }
}
