import type { BrokerEpoch, BrokerId } from '@millrace/kernel'
import { asBrokerEpoch, asBrokerId, asLeaderEpoch, asOffset, asPartitionEpoch } from '@millrace/kernel'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IsrMember } from '../controller/values.ts'
import type { CommittedState, LeaderAction, LeaderEvent, LeaderState } from './leader.ts'
import { becomeLeader, isUnderMinIsr, leadsPartition, maximalIsr, stepLeader } from './leader.ts'

const replicaLagMaxMs = 1_000
const epochOf = (id: number): BrokerEpoch => asBrokerEpoch(id * 10)
const member = (id: number): IsrMember => ({ brokerId: asBrokerId(id), brokerEpoch: epochOf(id) })
const lives = (...ids: number[]): ReadonlyMap<BrokerId, BrokerEpoch> =>
  new Map(ids.map((id) => [asBrokerId(id), epochOf(id)]))

const committed = (isr: readonly number[], partitionEpoch = 0): CommittedState => ({
  leader: asBrokerId(1),
  leaderEpoch: asLeaderEpoch(5),
  partitionEpoch: asPartitionEpoch(partitionEpoch),
  isr: isr.map(member),
  replicas: [1, 2, 3].map(asBrokerId),
})

interface Start {
  readonly isr: readonly number[]
  readonly minInsyncReplicas?: number
  readonly logEnd?: number
  readonly highWatermark?: number
}

/** Broker 1 leads a partition of brokers 1, 2 and 3, and says in words what it does. */
class Leader {
  readonly state: LeaderState
  nowMs = 0

  constructor({ isr, minInsyncReplicas = 1, logEnd = 0, highWatermark = 0 }: Start) {
    const start = {
      brokerId: asBrokerId(1),
      committed: committed(isr),
      active: lives(1, 2, 3),
      settings: { minInsyncReplicas, replicaLagMaxMs },
      logEnd: asOffset(logEnd),
      highWatermark: asOffset(highWatermark),
    }
    this.state = becomeLeader(start, 0)
  }

  step(event: LeaderEvent): string[] {
    return stepLeader(this.state, event, this.nowMs).map(inWords)
  }

  append(logEnd: number): string[] {
    return this.step({ kind: 'appended', logEnd: asOffset(logEnd) })
  }

  fetch(id: number, offset: number, brokerEpoch = epochOf(id)): string[] {
    return this.step({ kind: 'followerFetched', brokerId: asBrokerId(id), brokerEpoch, offset: asOffset(offset) })
  }

  answer(kind: 'isrCommitted' | 'isrConflict' | 'isrUnknown', base: number): string[] {
    return this.step({ kind, base: asPartitionEpoch(base) })
  }

  image(isr: readonly number[], partitionEpoch: number): string[] {
    return this.step({ kind: 'stateChanged', committed: committed(isr, partitionEpoch) })
  }

  tickAt(nowMs: number): string[] {
    this.nowMs = nowMs
    return this.step({ kind: 'tick' })
  }
}

const inWords = (action: LeaderAction): string =>
  action.kind === 'advanceHighWatermark'
    ? `high watermark ${action.highWatermark}`
    : `propose ${action.proposal.isr.map(({ brokerId }) => brokerId).join()} for epoch ${action.proposal.base}`

test('a leader that is alone in sync commits what it appends', () => {
  const leader = new Leader({ isr: [1] })
  assert.deepEqual(leader.append(3), ['high watermark 3'])
})

test('the high watermark is what the whole ISR has', () => {
  const leader = new Leader({ isr: [1, 2, 3] })
  assert.deepEqual(leader.append(10), [])
  assert.deepEqual(leader.fetch(2, 0), [])
  assert.deepEqual(leader.fetch(2, 10), [])
  assert.deepEqual(leader.fetch(3, 0), [])
  assert.deepEqual(leader.fetch(3, 4), ['high watermark 4'])
  assert.deepEqual(leader.fetch(3, 10), ['high watermark 10'])
})

test('the high watermark of before the election stands until the ISR has proved what it has', () => {
  const leader = new Leader({ isr: [1, 2], logEnd: 10, highWatermark: 7 })
  assert.deepEqual(leader.fetch(2, 5), [])
  assert.equal(leader.state.highWatermark, 7)
  assert.deepEqual(leader.fetch(2, 10), ['high watermark 10'])
})

test('the high watermark stands still while fewer are in sync than min.insync.replicas', () => {
  const leader = new Leader({ isr: [1], minInsyncReplicas: 2 })
  assert.equal(isUnderMinIsr(leader.state), true)
  assert.deepEqual(leader.append(5), [])
  assert.deepEqual(leader.fetch(2, 5), ['propose 1,2 for epoch 0'])
  assert.deepEqual(leader.answer('isrCommitted', 0), ['high watermark 5'])
  assert.equal(isUnderMinIsr(leader.state), false)
})

test('no more than all replicas are needed, whatever min.insync.replicas says', () => {
  assert.equal(isUnderMinIsr(new Leader({ isr: [1, 2, 3], minInsyncReplicas: 9 }).state), false)
  assert.equal(isUnderMinIsr(new Leader({ isr: [1, 2], minInsyncReplicas: 9 }).state), true)
})

test('a change of min.insync.replicas holds at once', () => {
  const leader = new Leader({ isr: [1], minInsyncReplicas: 2 })
  leader.append(5)
  const settings = { minInsyncReplicas: 1, replicaLagMaxMs }
  assert.deepEqual(leader.step({ kind: 'settingsChanged', settings }), ['high watermark 5'])
})

test('a follower is proposed once it has all that is committed and has reached this epoch', () => {
  const leader = new Leader({ isr: [1], logEnd: 10, highWatermark: 5 })
  assert.deepEqual(leader.append(12), ['high watermark 12'])
  assert.deepEqual(leader.fetch(2, 5), [])
  assert.deepEqual(leader.fetch(2, 11), [])
  assert.deepEqual(leader.fetch(2, 12), ['propose 1,2 for epoch 0'])
})

test('a follower that is past the high watermark but not in this epoch is not proposed', () => {
  const leader = new Leader({ isr: [1, 3], logEnd: 10, highWatermark: 5 })
  assert.deepEqual(leader.fetch(2, 9), [])
  assert.deepEqual(leader.fetch(2, 10), ['propose 1,2,3 for epoch 0'])
})

test('a follower is proposed only in the life in which its broker is registered and running', () => {
  const leader = new Leader({ isr: [1] })
  leader.step({ kind: 'brokersChanged', active: lives(1, 3) })
  assert.deepEqual(leader.fetch(2, 0), [])
  leader.step({ kind: 'brokersChanged', active: lives(1, 2, 3) })
  assert.deepEqual(leader.fetch(2, 0, asBrokerEpoch(21)), [])
  leader.step({ kind: 'brokersChanged', active: new Map([[asBrokerId(2), asBrokerEpoch(21)]]) })
  assert.deepEqual(leader.fetch(2, 0, asBrokerEpoch(21)), ['propose 1,2 for epoch 0'])
})

test('fetches of an earlier life of a broker, and of brokers without a replica, count for nothing', () => {
  const leader = new Leader({ isr: [1, 2] })
  leader.append(5)
  leader.fetch(2, 0)
  assert.deepEqual(leader.fetch(2, 5, asBrokerEpoch(1)), [])
  assert.deepEqual(leader.fetch(4, 5), [])
  assert.equal(leader.state.followers.size, 1)
})

test('what a later life of a broker has says nothing about the life that is in the ISR', () => {
  const leader = new Leader({ isr: [1, 2] })
  leader.append(5)
  assert.deepEqual(leader.fetch(2, 5, asBrokerEpoch(21)), [])
  assert.deepEqual(leader.tickAt(10), ['propose 1 for epoch 0'])
})

test('who is proposed counts for the high watermark as long as it may be in the ISR', () => {
  const leader = new Leader({ isr: [1] })
  leader.append(5)
  assert.deepEqual(leader.fetch(2, 5), ['propose 1,2 for epoch 0'])
  assert.deepEqual(maximalIsr(leader.state), [member(1), member(2)])
  assert.deepEqual(leader.append(8), [])
  assert.deepEqual(leader.answer('isrUnknown', 0), [])
  assert.deepEqual(leader.append(9), [])
  assert.deepEqual(leader.fetch(2, 9), ['high watermark 9'])
})

test('a proposal whose outcome is unknown is asked again as it was, until the store says', () => {
  const leader = new Leader({ isr: [1] })
  leader.fetch(2, 0)
  assert.deepEqual(leader.tickAt(100), [])
  leader.answer('isrUnknown', 0)
  assert.deepEqual(leader.tickAt(200), ['propose 1,2 for epoch 0'])
  assert.deepEqual(leader.tickAt(300), [])
  leader.answer('isrCommitted', 0)
  assert.deepEqual(leader.state.committed, committed([1, 2], 1))
  assert.equal(leader.state.proposal, null)
})

test('after a conflict the leader waits for the image, and whom it proposed still counts', () => {
  const leader = new Leader({ isr: [1] })
  leader.append(5)
  leader.fetch(2, 5)
  leader.answer('isrUnknown', 0)
  leader.tickAt(100)
  leader.answer('isrConflict', 0)
  assert.deepEqual(leader.append(6), [])
  assert.deepEqual(leader.tickAt(200), [])
  leader.image([1, 2], 1)
  assert.equal(leader.state.proposal, null)
  assert.deepEqual(leader.fetch(2, 6), ['high watermark 6'])
})

test('an answer that comes after the image brought the change is too late to matter', () => {
  const leader = new Leader({ isr: [1] })
  leader.fetch(2, 0)
  leader.image([1, 2], 1)
  leader.fetch(3, 0)
  assert.deepEqual(leader.answer('isrConflict', 0), [])
  assert.equal(leader.state.proposal?.base, 1)
  assert.equal(leader.state.proposal?.status, 'asked')
})

test('an image older than what the store has answered changes nothing', () => {
  const leader = new Leader({ isr: [1] })
  leader.fetch(2, 0)
  leader.answer('isrCommitted', 0)
  leader.image([1], 0)
  assert.deepEqual(leader.state.committed.isr, [member(1), member(2)])
})

test('a follower that has not caught up for replica.lag.time.max.ms is proposed to leave, the leader never', () => {
  const leader = new Leader({ isr: [1, 2, 3] })
  leader.append(10)
  leader.fetch(2, 10)
  assert.deepEqual(leader.tickAt(900), [])
  leader.append(11)
  assert.deepEqual(leader.tickAt(1_001), ['propose 1 for epoch 0'])
  assert.deepEqual(leader.answer('isrCommitted', 0), ['high watermark 11'])
})

test('a follower that always has what there was at its last fetch keeps up, though it never has it all', () => {
  const leader = new Leader({ isr: [1, 2] })
  for (let i = 1; i <= 20; i += 1) {
    leader.append(10 * i)
    leader.fetch(2, 10 * (i - 1))
    assert.deepEqual(leader.tickAt(500 * i), [])
  }
})

test('a follower at the log end is in sync however long it has been silent', () => {
  const leader = new Leader({ isr: [1, 2] })
  leader.append(10)
  leader.fetch(2, 10)
  assert.deepEqual(leader.tickAt(100_000), [])
})

test('while a follower is about to join, the high watermark does not run away from it', () => {
  const leader = new Leader({ isr: [1, 2] })
  leader.append(5)
  leader.fetch(2, 5)
  // 3 joins only with the next proposal: that of 2 leaving is under way.
  leader.append(6)
  leader.tickAt(1_200)
  leader.fetch(3, 6)
  assert.deepEqual(leader.append(7), [])
  assert.deepEqual(leader.answer('isrCommitted', 0), ['high watermark 6'])
  assert.deepEqual(leader.fetch(3, 7), ['propose 1,3 for epoch 1', 'high watermark 7'])
})

test('a broker leads only in the life in which it was elected', () => {
  const partition = { leader: asBrokerId(1), isr: [2, 1].map(asBrokerId), isrEpochs: [20, 10].map(asBrokerEpoch) }
  assert.equal(leadsPartition(partition, { id: asBrokerId(1), epoch: asBrokerEpoch(10) }), true)
  assert.equal(leadsPartition(partition, { id: asBrokerId(1), epoch: asBrokerEpoch(30) }), false)
  assert.equal(leadsPartition(partition, { id: asBrokerId(2), epoch: asBrokerEpoch(20) }), false)
})

test('being told of another leader or epoch is a bug, and stops', () => {
  const leader = new Leader({ isr: [1] })
  const other = { ...committed([1], 1), leaderEpoch: asLeaderEpoch(6) }
  assert.throws(() => leader.step({ kind: 'stateChanged', committed: other }), /a leader of epoch 5 is told of epoch 6/)
})
