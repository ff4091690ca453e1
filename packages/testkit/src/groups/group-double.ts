import assert from 'node:assert/strict'
import { type Random, seededRandom } from '@millrace/kernel'
import {
  type GroupCommand,
  type GroupDecision,
  type GroupEnv,
  type GroupSettings,
  type GroupsState,
  abandonGroups,
  applyGroupMarker,
  applyGroupRecord,
  applyGroupVolatile,
  createGroupsState,
  decideGroup,
  decodeGroupRecord,
  defaultGroupSettings,
  encodeGroupRecord,
  resumeGroups,
} from '@millrace/machines'
import { whileFrozen } from './frozen.ts'

export type GroupRecord = GroupDecision['records'][number]

interface Timer {
  readonly dueMs: number
  readonly order: number
  readonly command: GroupCommand
}

/**
 * What a broker's runtime does for the group coordinator of one partition, without disk and without waiting. After
 * every decision its records have gone through their bytes into a second state that only applies, and both must be
 * equal; the state that a decision reads is frozen meanwhile.
 */
export class GroupDouble {
  settings: GroupSettings
  nowMs = 1_700_000_000_000
  state: GroupsState = createGroupsState()
  #follower: GroupsState = createGroupsState()
  readonly #random: Random
  readonly #timers = new Map<string, Timer>()
  #order = 0

  constructor(settings: Partial<GroupSettings> = {}, seed = 1) {
    this.settings = { ...defaultGroupSettings, groupInitialRebalanceDelayMs: 0, ...settings }
    this.#random = seededRandom(seed)
  }

  get env(): GroupEnv {
    return { wallMs: this.nowMs, monotonicMs: this.nowMs, random: this.#random, settings: this.settings }
  }

  run(command: GroupCommand): GroupDecision {
    const decision = whileFrozen(this.state, () => decideGroup(this.state, command, this.env))
    this.#take(decision)
    return decision
  }

  /** A record that somebody else wrote: Kafka before us, or a transaction. */
  replay(record: GroupRecord, transactionalProducerId = -1): void {
    for (const state of [this.state, this.#follower]) applyGroupRecord(state, record, { transactionalProducerId })
  }

  mark(producerId: number, result: 'commit' | 'abort'): void {
    for (const state of [this.state, this.#follower]) applyGroupMarker(state, producerId, result)
  }

  /** Moves the clock and hands back what fires meanwhile, in order. */
  *advance(byMs: number): Generator<GroupDecision> {
    const untilMs = this.nowMs + byMs
    for (let next = this.#nextTimer(untilMs); next !== undefined; next = this.#nextTimer(untilMs)) {
      const [key, timer] = next
      this.#timers.delete(key)
      this.nowMs = Math.max(this.nowMs, timer.dueMs)
      yield this.run(timer.command)
    }
    this.nowMs = untilMs
  }

  /** The partition moves: what was only in memory is lost, those that wait are told. */
  failOver(): { readonly replies: GroupDecision['replies']; readonly decision: GroupDecision } {
    const replies = abandonGroups(this.state)
    this.state = this.#follower
    this.#follower = structuredClone(this.state)
    this.#timers.clear()
    const decision = whileFrozen(this.state, () => resumeGroups(this.state, this.env))
    this.#take(decision)
    return { replies, decision }
  }

  #nextTimer(untilMs: number): [string, Timer] | undefined {
    return [...this.#timers]
      .filter(([, { dueMs }]) => dueMs <= untilMs)
      .toSorted(([, a], [, b]) => a.dueMs - b.dueMs || a.order - b.order)[0]
  }

  #take(decision: GroupDecision): void {
    for (const record of decision.records) {
      applyGroupRecord(this.state, record)
      const { key, value } = encodeGroupRecord(record)
      applyGroupRecord(this.#follower, decodeGroupRecord(key, value))
    }
    for (const change of decision.changes) applyGroupVolatile(this.state, change)
    for (const timer of decision.timers) this.#setTimer(timer)
    assert.deepEqual(this.state.durable, this.#follower.durable, 'what was decided and what its records say differ')
  }

  #setTimer(timer: GroupDecision['timers'][number]): void {
    this.#order += 1
    if (timer.kind === 'cancel') this.#timers.delete(timer.key)
    else {
      const dueMs = this.nowMs + timer.delayMs
      this.#timers.set(timer.key, { dueMs, order: this.#order, command: timer.command })
    }
  }
}
