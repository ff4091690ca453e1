import assert from 'node:assert/strict'
import { type Random, seededRandom } from '@millrace/kernel'
import { type GroupCommand, type GroupDecision, decodeAssignment } from '@millrace/machines'
import { errorName, zeroUuid } from '@millrace/protocol'
import { GroupDouble } from './group-double.ts'
import { type Owned, SimulatedConsumer, simulatedGroup, simulatedTopic } from './simulated-consumer.ts'

const partitionCount = 7

interface Waiting {
  readonly consumer: SimulatedConsumer
  /** Counts the lives of the consumer's process: an answer to an earlier one reaches nobody. */
  readonly life: number
  readonly onAnswered: (answer: GroupDecision['replies'][number]['answer']) => void
}

/**
 * Consumers that come, go, stall and crash, a clock that jumps and a coordinator that moves, all from one seed. Checks
 * after every step what must hold of a group (G1 to G4), and at the end that those who are left agree.
 */
export class GroupSimulation {
  readonly #random: Random
  readonly #double: GroupDouble
  readonly #consumers: SimulatedConsumer[]
  readonly #zombies: SimulatedConsumer[] = []
  readonly #lives = new Map<SimulatedConsumer, number>()
  readonly #waiting = new Map<number, Waiting>()
  /** Owners by partition of each generation, as far as members were told. */
  readonly #delivered = new Map<number, Map<string, string>>()
  readonly #committed = new Map<number, number>()
  #lastStored = 0
  #token = 0
  #nextOffset = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.#double = new GroupDouble({ groupInitialRebalanceDelayMs: 100 }, seed)
    this.#consumers = Array.from(
      { length: 6 },
      (_, index) => new SimulatedConsumer(`c${index}`, index < 2 ? `i${index}` : null, partitionCount),
    )
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step += 1) this.#step()
    this.#settle()
  }

  #step(): void {
    const dice = this.#random.below(100)
    const consumer = this.#consumers[this.#random.below(this.#consumers.length)]
    if (consumer === undefined) return
    if (dice < 66) this.#act(consumer)
    else if (dice < 74) this.#commitOf(consumer)
    else if (dice < 78) this.#commitOfZombie()
    else if (dice < 92) this.#advance(this.#random.below(dice < 90 ? 2_000 : 15_000))
    else if (dice < 94) this.#crash(consumer)
    else if (dice < 96) this.#ask(consumer, (token) => consumer.leave(token))
    else if (dice < 98) this.#failOver()
    else this.#fetch()
  }

  #act(consumer: SimulatedConsumer): void {
    if (consumer.next === 'join') this.#ask(consumer, (token) => consumer.join(token))
    else if (consumer.next === 'sync') this.#ask(consumer, (token) => consumer.sync(token), this.#onSynced(consumer))
    else if (consumer.next === 'run') this.#ask(consumer, (token) => consumer.heartbeat(token))
  }

  #ask(
    consumer: SimulatedConsumer,
    make: (token: number) => GroupCommand,
    onAnswered: Waiting['onAnswered'] = () => {},
  ) {
    this.#token += 1
    const life = this.#lives.get(consumer) ?? 0
    this.#waiting.set(this.#token, { consumer, life, onAnswered })
    this.#take(this.#double.run(make(this.#token)))
  }

  #take({ records, replies }: Pick<GroupDecision, 'records' | 'replies'>): void {
    for (const record of records) if (record.kind === 'group') this.#checkStored(record)
    for (const { to, answer } of replies) {
      const waiting = this.#waiting.get(to)
      this.#waiting.delete(to)
      if (waiting === undefined || waiting.life !== (this.#lives.get(waiting.consumer) ?? 0)) continue
      waiting.consumer.answered(answer)
      waiting.onAnswered(answer)
    }
  }

  // G3: the generation only grows; one that is written again has a static member's new id in it.
  #checkStored(record: Extract<GroupDecision['records'][number], { kind: 'group' }>): void {
    assert(record.value !== null, 'a group with members or offsets was removed')
    const { generation, members, protocolName } = record.value
    assert(generation >= this.#lastStored, `generation ${generation} after ${this.#lastStored}`)
    this.#lastStored = generation
    if (protocolName !== null) checkAllAssigned(members)
  }

  // G1: of one generation nobody is told that it has what somebody else was told to have.
  #onSynced(consumer: SimulatedConsumer): Waiting['onAnswered'] {
    return (answer) => {
      if (answer.kind !== 'syncGroup' || errorName(answer.body.errorCode) !== 'NONE') return
      const owners = this.#delivered.get(consumer.generation) ?? new Map<string, string>()
      this.#delivered.set(consumer.generation, owners)
      for (const partition of consumer.owned) {
        const owner = consumer.instanceId ?? consumer.memberId
        assert.equal(owners.get(partition) ?? owner, owner, `${partition} has two owners in ${consumer.generation}`)
        owners.set(partition, owner)
      }
    }
  }

  #commitOf(consumer: SimulatedConsumer): void {
    if (consumer.next === 'run') this.#commit(consumer)
  }

  #commitOfZombie(): void {
    const zombie = this.#zombies[this.#random.below(Math.max(1, this.#zombies.length))]
    if (zombie !== undefined) this.#commit(zombie.zombie())
  }

  #commit(consumer: SimulatedConsumer): void {
    const partition = this.#random.below(partitionCount)
    this.#nextOffset += 1
    const offset = this.#nextOffset
    const { generation } = consumer
    this.#ask(
      consumer,
      (token) => consumer.commit(token, partition, offset),
      (answer) => {
        const code = answer.kind === 'offsetCommit' ? answer.body.topics[0]?.partitions[0]?.errorCode : undefined
        if (code === undefined || errorName(code) !== 'NONE') return
        // G1: who was in an older generation than somebody was told of can't commit any more.
        assert(
          generation >= Math.max(0, ...this.#delivered.keys()),
          `a commit of generation ${generation} came too late`,
        )
        this.#committed.set(partition, offset)
      },
    )
    this.#fetch()
  }

  // G4: what was committed last is what is fetched.
  #fetch(): void {
    this.#token += 1
    const partitionIndexes = Array.from({ length: partitionCount }, (_, index) => index)
    const topics = [{ name: simulatedTopic, topicId: zeroUuid, partitionIndexes }]
    const group = { groupId: simulatedGroup, memberId: null, memberEpoch: -1, topics }
    const { replies } = this.#double.run({
      kind: 'offsetFetch',
      token: this.#token,
      apiVersion: 9,
      requireStable: true,
      group,
    })
    const answer = replies[0]?.answer
    assert(answer?.kind === 'offsetFetch')
    for (const { partitionIndex, committedOffset } of answer.body.topics[0]?.partitions ?? []) {
      assert.equal(committedOffset, this.#committed.get(partitionIndex) ?? -1)
    }
  }

  #crash(consumer: SimulatedConsumer): void {
    this.#lives.set(consumer, (this.#lives.get(consumer) ?? 0) + 1)
    if (consumer.next === 'run') this.#zombies.push(consumer.zombie())
    consumer.crash()
  }

  #advance(byMs: number): void {
    for (const decision of this.#double.advance(byMs)) this.#take(decision)
  }

  #failOver(): void {
    const { replies, decision } = this.#double.failOver()
    this.#take({ records: [], replies })
    this.#take(decision)
    this.#fetch()
  }

  /** Everybody behaves from now on: soon the group is stable and has shared out everything (G2). */
  #settle(): void {
    for (let round = 0; round < 200 && !this.#isSettled(); round += 1) {
      for (const consumer of this.#consumers) this.#act(consumer)
      this.#advance(500)
    }
    assert(this.#isSettled(), 'the group did not settle')
    const all: Owned = this.#consumers.flatMap(({ owned }) => owned)
    assert.equal(all.length, partitionCount)
    assert.equal(new Set(all).size, partitionCount)
  }

  #isSettled(): boolean {
    const generations = new Set(this.#consumers.map(({ generation }) => generation))
    const live = this.#double.state.volatile.live.get(simulatedGroup)
    const isStable = live?.phase === 'Stable' && live.members.size === this.#consumers.length
    return isStable && generations.size === 1 && this.#consumers.every(({ next }) => next === 'run')
  }
}

// G2: an assignment that is written has every partition once.
function checkAllAssigned(members: readonly { readonly assignment: Uint8Array }[]): void {
  const all = members.flatMap(({ assignment }) => decodeAssignment(assignment).partitions)
  assert.equal(all.length, partitionCount, 'an assignment leaves partitions out')
  assert.equal(new Set(all.map(({ partition }) => partition)).size, partitionCount)
}
