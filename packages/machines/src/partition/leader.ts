// The leader of a partition: what its high watermark may be, and who is in sync. Its state is volatile, so `step`
// changes it in place and says what is to be done; nothing here knows of logs, stores or sockets.
//
// The rules (design: "Replication"):
// - the high watermark is the least log end of the maximal ISR (the committed one, and each proposed one whose outcome
//   isn't known), and of those who are about to join; it never goes back;
// - it stands still while the committed ISR is smaller than min(min.insync.replicas, replicas);
// - one proposal is under way at a time, compared with the partition epoch that it was made from.
import type { BrokerEpoch, BrokerId, LeaderEpoch, Offset, PartitionEpoch } from '@millrace/kernel'
import { asOffset, asPartitionEpoch, assert } from '@millrace/kernel'
import type { PartitionImage } from '../controller/image.ts'
import type { IsrMember } from '../controller/values.ts'

/** What the leader knows of one follower, from its fetches. */
export interface FollowerProgress {
  /** The life that fetches. */
  readonly brokerEpoch: BrokerEpoch
  /** What it has: the offset that it asked for last; -1 before its first fetch from this leader. */
  logEnd: Offset
  /** When it last had all that the leader had then. */
  caughtUpAtMs: number
  lastFetchAtMs: number
  /** The leader's log end at that fetch. */
  lastFetchLeaderEnd: Offset
}

/** The committed state of the partition, as the metadata store has it. */
export interface CommittedState {
  readonly leader: BrokerId
  readonly leaderEpoch: LeaderEpoch
  readonly partitionEpoch: PartitionEpoch
  readonly isr: readonly IsrMember[]
  readonly replicas: readonly BrokerId[]
}

export interface LeaderSettings {
  /** `min.insync.replicas` of the topic, as it was set. */
  readonly minInsyncReplicas: number
  /** `replica.lag.time.max.ms`. */
  readonly replicaLagMaxMs: number
}

/** A change of the ISR that was asked of the store. Until it is clear what became of it, it may hold. */
export interface IsrProposal {
  readonly isr: readonly IsrMember[]
  /** The partition epoch that it replaces: it can happen only while the store has that one. */
  readonly base: PartitionEpoch
  /**
   * `asked`: no answer yet. `unknown`: it may have happened; the next tick asks the same again, and at most one of the
   * two can happen. `conflict`: the store has a newer state, maybe this very one, which the image will bring.
   */
  readonly status: 'asked' | 'unknown' | 'conflict'
}

export interface LeaderState {
  readonly brokerId: BrokerId
  settings: LeaderSettings
  committed: CommittedState
  proposal: IsrProposal | null
  /** The brokers that may be in an ISR now, and the life they are in. */
  active: ReadonlyMap<BrokerId, BrokerEpoch>
  readonly followers: Map<BrokerId, FollowerProgress>
  /** Invariant: highWatermark <= logEnd; neither goes back. */
  logEnd: Offset
  highWatermark: Offset
  /** The log end when this epoch began: a follower below it hasn't proved that it has what was committed. */
  epochStart: Offset
}

export type LeaderEvent =
  | { readonly kind: 'appended'; readonly logEnd: Offset }
  /**
   * A follower's fetch of this leader epoch, from an offset up to which its log is ours: one that diverges is told so,
   * and isn't reported here.
   */
  | {
      readonly kind: 'followerFetched'
      readonly brokerId: BrokerId
      readonly brokerEpoch: BrokerEpoch
      readonly offset: Offset
    }
  /** The store's answer to the proposal made from `base`. */
  | { readonly kind: 'isrCommitted' | 'isrConflict' | 'isrUnknown'; readonly base: PartitionEpoch }
  /** The image has a newer state of this partition, under this leader and epoch. */
  | { readonly kind: 'stateChanged'; readonly committed: CommittedState }
  | { readonly kind: 'brokersChanged'; readonly active: ReadonlyMap<BrokerId, BrokerEpoch> }
  | { readonly kind: 'settingsChanged'; readonly settings: LeaderSettings }
  /** Comes at least twice in `replicaLagMaxMs`. */
  | { readonly kind: 'tick' }

export type LeaderAction =
  | { readonly kind: 'advanceHighWatermark'; readonly highWatermark: Offset }
  /** Write this ISR if the partition's state still has the epoch `proposal.base`, and tell how it went. */
  | { readonly kind: 'proposeIsr'; readonly proposal: IsrProposal }

export interface NewLeader {
  readonly brokerId: BrokerId
  readonly committed: CommittedState
  readonly active: ReadonlyMap<BrokerId, BrokerEpoch>
  readonly settings: LeaderSettings
  readonly logEnd: Offset
  readonly highWatermark: Offset
}

/**
 * Whether the broker in this life leads the partition. One that restarted doesn't, though the state may still name it:
 * it may have lost the end of its log, and would give other records the same epoch and offsets. The controller elects
 * it anew, in a new epoch.
 */
export function leadsPartition(
  partition: Pick<PartitionImage, 'leader' | 'isr' | 'isrEpochs'>,
  broker: { readonly id: BrokerId; readonly epoch: BrokerEpoch },
): boolean {
  return partition.leader === broker.id && partition.isrEpochs[partition.isr.indexOf(broker.id)] === broker.epoch
}

/** The state of a leader whose epoch begins now. Followers in the ISR have the usual time to show up. */
export function becomeLeader(leader: NewLeader, nowMs: number): LeaderState {
  const state: LeaderState = {
    ...leader,
    proposal: null,
    followers: new Map(),
    epochStart: leader.logEnd,
  }
  for (const { brokerId, brokerEpoch } of leader.committed.isr) {
    if (brokerId !== leader.brokerId) state.followers.set(brokerId, newFollower(brokerEpoch, nowMs))
  }
  return state
}

const newFollower = (brokerEpoch: BrokerEpoch, caughtUpAtMs: number): FollowerProgress => ({
  brokerEpoch,
  logEnd: asOffset(-1),
  caughtUpAtMs,
  lastFetchAtMs: -Infinity,
  lastFetchLeaderEnd: asOffset(-1),
})

/** Changes the state by what happened, and says what is to be done. */
export function stepLeader(state: LeaderState, event: LeaderEvent, nowMs: number): readonly LeaderAction[] {
  switch (event.kind) {
    case 'appended':
      state.logEnd = event.logEnd
      break
    case 'followerFetched':
      return followerFetched(state, event.brokerId, event.brokerEpoch, event.offset, nowMs)
    case 'isrCommitted':
    case 'isrConflict':
    case 'isrUnknown':
      proposalAnswered(state, event.kind, event.base)
      break
    case 'stateChanged':
      stateChanged(state, event.committed)
      break
    case 'brokersChanged':
      state.active = event.active
      break
    case 'settingsChanged':
      state.settings = event.settings
      break
    case 'tick':
      return [...advance(state, nowMs), ...shrink(state, nowMs)]
  }
  return advance(state, nowMs)
}

/** The replicas without which nothing is committed: min(`min.insync.replicas`, replicas). */
export const effectiveMinIsr = ({ settings, committed }: LeaderState): number =>
  Math.min(settings.minInsyncReplicas, committed.replicas.length)

/** `acks=all` is refused then, and the high watermark stands still. */
export const isUnderMinIsr = (state: LeaderState): boolean => state.committed.isr.length < effectiveMinIsr(state)

/** Everybody who may be in the ISR, as far as can be known: what `acks=all` waits for. */
export function maximalIsr({ committed, proposal }: LeaderState): readonly IsrMember[] {
  if (proposal === null) return committed.isr
  const added = proposal.isr.filter((member) => !committed.isr.some((other) => sameMember(member, other)))
  return [...committed.isr, ...added]
}

const sameMember = (a: IsrMember, b: IsrMember): boolean => a.brokerId === b.brokerId && a.brokerEpoch === b.brokerEpoch

function followerFetched(
  state: LeaderState,
  brokerId: BrokerId,
  brokerEpoch: BrokerEpoch,
  offset: Offset,
  nowMs: number,
): readonly LeaderAction[] {
  if (!state.committed.replicas.includes(brokerId) || brokerId === state.brokerId) return []
  const follower = progressOf(state, brokerId, brokerEpoch)
  if (follower === null) return []
  if (offset >= state.logEnd) follower.caughtUpAtMs = nowMs
  // What it has now is all that there was when it fetched before: it had caught up with that moment.
  else if (offset >= follower.lastFetchLeaderEnd) {
    follower.caughtUpAtMs = Math.max(follower.caughtUpAtMs, follower.lastFetchAtMs)
  }
  follower.logEnd = offset
  follower.lastFetchAtMs = nowMs
  follower.lastFetchLeaderEnd = state.logEnd
  // The join first: while it is proposed, the high watermark waits for the one who joins.
  const joined = expand(state, brokerId, follower)
  return [...joined, ...advance(state, nowMs)]
}

/** The progress of this life of the broker; null for a life that another has followed. */
function progressOf(state: LeaderState, brokerId: BrokerId, brokerEpoch: BrokerEpoch): FollowerProgress | null {
  const known = state.followers.get(brokerId)
  if (known !== undefined && known.brokerEpoch > brokerEpoch) return null
  if (known?.brokerEpoch === brokerEpoch) return known
  const follower = newFollower(brokerEpoch, -Infinity)
  state.followers.set(brokerId, follower)
  return follower
}

/** Proposes the follower for the ISR under the epoch that its fetch carries, once it has all that is committed. */
function expand(state: LeaderState, brokerId: BrokerId, follower: FollowerProgress): readonly LeaderAction[] {
  const { committed } = state
  const member: IsrMember = { brokerId, brokerEpoch: follower.brokerEpoch }
  const inIsr = committed.isr.some((other) => other.brokerId === brokerId)
  if (inIsr || state.proposal !== null || !isActive(state, member)) return []
  if (follower.logEnd < state.highWatermark || follower.logEnd < state.epochStart) return []
  return propose(state, inReplicaOrder(committed, [...committed.isr, member]))
}

const isActive = (state: LeaderState, member: IsrMember): boolean =>
  state.active.get(member.brokerId) === member.brokerEpoch

const inReplicaOrder = ({ replicas }: CommittedState, isr: readonly IsrMember[]): readonly IsrMember[] =>
  isr.toSorted((a, b) => replicas.indexOf(a.brokerId) - replicas.indexOf(b.brokerId))

function propose(state: LeaderState, isr: readonly IsrMember[]): readonly LeaderAction[] {
  state.proposal = { isr, base: state.committed.partitionEpoch, status: 'asked' }
  return [{ kind: 'proposeIsr', proposal: state.proposal }]
}

/** Proposes the ISR without those who have fallen behind or died; asks again where the last answer was "unknown". */
function shrink(state: LeaderState, nowMs: number): readonly LeaderAction[] {
  if (state.proposal?.status === 'unknown') return propose(state, state.proposal.isr)
  if (state.proposal !== null) return []
  const staying = state.committed.isr.filter((member) => isInSync(state, member, nowMs))
  return staying.length === state.committed.isr.length ? [] : propose(state, staying)
}

function isInSync(state: LeaderState, member: IsrMember, nowMs: number): boolean {
  if (member.brokerId === state.brokerId) return true
  const follower = state.followers.get(member.brokerId)
  if (follower === undefined || follower.brokerEpoch !== member.brokerEpoch) return false
  return isCaughtUp(state, follower, nowMs)
}

const isCaughtUp = (state: LeaderState, follower: FollowerProgress, nowMs: number): boolean =>
  follower.logEnd === state.logEnd || nowMs - follower.caughtUpAtMs <= state.settings.replicaLagMaxMs

function proposalAnswered(state: LeaderState, answer: LeaderEvent['kind'], base: PartitionEpoch): void {
  const { proposal, committed } = state
  // The image may have been faster than the answer: it has settled the proposal then.
  if (proposal === null || proposal.base !== base) return
  if (answer === 'isrCommitted') {
    state.committed = { ...committed, isr: proposal.isr, partitionEpoch: asPartitionEpoch(base + 1) }
    state.proposal = null
  } else {
    state.proposal = { ...proposal, status: answer === 'isrConflict' ? 'conflict' : 'unknown' }
  }
}

function stateChanged(state: LeaderState, committed: CommittedState): void {
  assert(
    committed.leader === state.brokerId && committed.leaderEpoch === state.committed.leaderEpoch,
    `a leader of epoch ${state.committed.leaderEpoch} is told of epoch ${committed.leaderEpoch} of ${committed.leader}`,
  )
  if (committed.partitionEpoch <= state.committed.partitionEpoch) return
  state.committed = committed
  // Compared with an epoch that is past: it has happened, and this is it or what followed, or it never will.
  if (state.proposal !== null && state.proposal.base < committed.partitionEpoch) state.proposal = null
}

function advance(state: LeaderState, nowMs: number): readonly LeaderAction[] {
  if (isUnderMinIsr(state)) return []
  let least = state.logEnd
  for (const member of maximalIsr(state)) least = lesser(least, logEndOf(state, member))
  for (const [brokerId, follower] of state.followers) {
    if (isAboutToJoin(state, brokerId, follower, nowMs)) least = lesser(least, follower.logEnd)
  }
  if (least <= state.highWatermark) return []
  state.highWatermark = least
  return [{ kind: 'advanceHighWatermark', highWatermark: least }]
}

const lesser = (a: Offset, b: Offset): Offset => (a < b ? a : b)

function logEndOf(state: LeaderState, member: IsrMember): Offset {
  if (member.brokerId === state.brokerId) return state.logEnd
  const follower = state.followers.get(member.brokerId)
  // Another life of the broker than the one in the ISR: nobody knows what of that one is left.
  return follower?.brokerEpoch === member.brokerEpoch ? follower.logEnd : asOffset(-1)
}

// Kafka waits for followers that have caught up and will be in the ISR with the next proposal: else the high
// watermark, running ahead of them, would keep them out for as long as writes go on.
const isAboutToJoin = (state: LeaderState, brokerId: BrokerId, follower: FollowerProgress, nowMs: number): boolean =>
  isActive(state, { brokerId, brokerEpoch: follower.brokerEpoch }) &&
  state.committed.replicas.includes(brokerId) &&
  follower.logEnd >= state.epochStart &&
  isCaughtUp(state, follower, nowMs)
