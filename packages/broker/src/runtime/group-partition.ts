import type { Clock, Logger, Random, Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type {
  ClientCommand,
  GroupAnswer,
  GroupCommand,
  GroupDecision,
  GroupEffect,
  GroupRecord,
  GroupSettings,
  GroupsState,
  GroupToken,
} from '@millrace/machines'
import {
  applyGroupRecord,
  applyGroupVolatile,
  coordinatorError,
  createGroupsState,
  decideGroup,
  encodeGroupRecord,
  refuseGroupCommand,
  resumeGroups,
} from '@millrace/machines'
import type { ErrorName } from '@millrace/protocol'
import { buildBatch } from '@millrace/protocol'
import type { AppendOutcome } from '@millrace/storage'
import type { ObservedGroup } from '../observe/observed-broker.ts'
import type { ReadableLog } from './group-loader.ts'
import { replayGroups } from './group-loader.ts'
import type { Partition } from './partition.ts'

interface Asked {
  readonly command: ClientCommand
  readonly answered: (answer: GroupAnswer) => void
}

/** The records of one decision on their way into the log, and what may be said once they are committed. */
interface Flight {
  readonly replies: { readonly to: GroupToken; readonly answer: GroupAnswer }[]
  readonly landed: (() => void)[]
}

/** The partition of `__consumer_offsets` as its coordinator uses it. */
export interface GroupLog extends Pick<Partition, 'name' | 'append' | 'whenCommitted'> {
  readonly log: ReadableLog
}

export interface GroupPartitionOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly settings: () => GroupSettings
  readonly onEffect: (effect: GroupEffect) => void
}

/**
 * The coordinator of the groups in one partition of `__consumer_offsets`: runs their machine one command at a time,
 * appends what it decides, and parks every answer, also a read's, until all that was applied before is committed.
 */
export class GroupPartition {
  readonly #partition: GroupLog
  readonly #options: GroupPartitionOptions
  readonly #asked = new Map<GroupToken, Asked>()
  readonly #timers = new Map<string, Timer>()
  #state: GroupsState = createGroupsState()
  #flights: Flight[] = []
  #phase: 'loading' | 'active' | 'closed' = 'loading'
  /** Counts loads: what was started for an earlier one changes nothing. */
  #life = 0

  constructor(partition: GroupLog, options: GroupPartitionOptions) {
    this.#partition = partition
    this.#options = options
    this.#load()
  }

  get isActive(): boolean {
    return this.#phase === 'active'
  }

  ask(command: ClientCommand, answered: (answer: GroupAnswer) => void): void {
    if (this.#phase !== 'active') {
      const error = this.#phase === 'loading' ? 'COORDINATOR_LOAD_IN_PROGRESS' : 'NOT_COORDINATOR'
      answered(refuseGroupCommand(command, error).answer)
      return
    }
    this.#asked.set(command.token, { command, answered })
    this.#run(command)
  }

  /** Something that nobody waits for: topics that were deleted. */
  tell(command: GroupCommand): void {
    if (this.#phase === 'active') this.#run(command)
  }

  *observed(): Iterable<ObservedGroup> {
    const { groups, offsets } = this.#state.durable
    for (const groupId of new Set([...groups.keys(), ...offsets.keys()])) {
      const memberCount = groups.get(groupId)?.members.length ?? 0
      yield { groupId, memberCount, offsets: observedOffsets(offsets.get(groupId)) }
    }
  }

  /** The partition is led elsewhere from now on: who still waits has to look for the new coordinator. */
  close(): void {
    this.#unload('NOT_COORDINATOR')
    this.#phase = 'closed'
  }

  #load(): void {
    this.#phase = 'loading'
    this.#life += 1
    const life = this.#life
    this.#state = createGroupsState()
    const { log } = this.#partition
    if (log.logStartOffset === log.logEndOffset) this.#activate()
    else {
      replayGroups(log, this.#state, () => life !== this.#life).then(
        () => life === this.#life && this.#phase === 'loading' && this.#activate(),
        (error: unknown) => this.#loadFailed(life, error),
      )
    }
  }

  #loadFailed(life: number, error: unknown): void {
    if (life !== this.#life) return
    this.#phase = 'closed'
    this.#options.log.error('groups can not be loaded', {
      partition: this.#partition.name,
      reason: errorMessage(error),
    })
  }

  #activate(): void {
    this.#phase = 'active'
    this.#take(resumeGroups(this.#state, this.#env()))
  }

  #env() {
    const { clock, random, settings } = this.#options
    return { wallMs: clock.wallMs(), monotonicMs: clock.sessions.monotonicMs(), random, settings: settings() }
  }

  #run(command: GroupCommand): void {
    this.#take(decideGroup(this.#state, command, this.#env()))
  }

  #take(decision: GroupDecision): void {
    for (const record of decision.records) applyGroupRecord(this.#state, record)
    for (const change of decision.changes) applyGroupVolatile(this.#state, change)
    for (const timer of decision.timers) {
      this.#timers.get(timer.key)?.cancel()
      this.#timers.delete(timer.key)
      if (timer.kind === 'set') this.#setTimer(timer.key, timer.delayMs, timer.command)
    }
    for (const records of inBatches(decision)) this.#append(records)
    const flight = this.#flights.at(-1)
    if (flight === undefined) for (const { to, answer } of decision.replies) this.#answer(to, answer)
    else flight.replies.push(...decision.replies)
    for (const effect of decision.effects) this.#options.onEffect(effect)
  }

  #append(records: readonly GroupRecord[]): void {
    const timestampMs = this.#options.clock.wallMs()
    const batch = buildBatch({ records: records.map((record) => ({ ...encodeGroupRecord(record), timestampMs })) })
    const flight: Flight = { replies: [], landed: [] }
    this.#flights.push(flight)
    const life = this.#life
    this.#partition.append(batch, 'coordinator', -1, (outcome) => {
      if (life === this.#life) this.#appended(flight, outcome)
    })
  }

  #appended(flight: Flight, outcome: AppendOutcome): void {
    if (!outcome.ok) {
      this.#fail(outcome.error, outcome.message)
      return
    }
    const life = this.#life
    this.#partition.whenCommitted(outcome.lastOffset, (error) => {
      if (life !== this.#life) return
      if (error === null) this.#land(flight)
      else this.#fail(error, 'the partition is led elsewhere')
    })
  }

  // Commits come in the order of the appends, so this is the first flight.
  #land(flight: Flight): void {
    this.#flights = this.#flights.filter((other) => other !== flight)
    for (const { to, answer } of flight.replies) this.#answer(to, answer)
    for (const landed of flight.landed) landed()
  }

  #answer(token: GroupToken, answer: GroupAnswer): void {
    const asked = this.#asked.get(token)
    this.#asked.delete(token)
    asked?.answered(answer)
  }

  // What was applied isn't in the log: all of it is forgotten and read again.
  #fail(error: ErrorName, message: string): void {
    this.#options.log.warn('groups could not be written and are loaded again', {
      partition: this.#partition.name,
      error,
      reason: message,
    })
    this.#unload(coordinatorError(error))
    this.#load()
  }

  #unload(error: ErrorName): void {
    this.#life += 1
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    const flights = this.#flights
    const asked = [...this.#asked.values()]
    this.#flights = []
    this.#asked.clear()
    for (const { command, answered } of asked) answered(refuseGroupCommand(command, error).answer)
    for (const flight of flights) for (const landed of flight.landed) landed()
  }

  // Sessions run on the clock that a test may spare; the expiry of offsets is data and follows the main one.
  #setTimer(key: string, delayMs: number, command: GroupCommand): void {
    const { clock } = this.#options
    const life = this.#life
    const timer = (command.kind === 'expireOffsets' ? clock : clock.sessions).setTimer(delayMs, async () => {
      if (this.#timers.get(key) === timer) this.#timers.delete(key)
      if (life !== this.#life || this.#phase !== 'active') return
      this.#run(command)
      await this.#settled()
    })
    this.#timers.set(key, timer)
  }

  /** When all that was decided so far is committed; a test that moves the clock waits for it. */
  #settled(): Promise<void> | undefined {
    const flight = this.#flights.at(-1)
    return flight === undefined ? undefined : new Promise((resolve) => flight.landed.push(resolve))
  }
}

function* observedOffsets(topics: ReadonlyMap<string, ReadonlyMap<number, { readonly offset: number }>> | undefined) {
  for (const [topic, partitions] of topics ?? []) {
    for (const [partition, { offset }] of partitions) yield { topic, partition, offset }
  }
}

// Far below what one batch may hold, as what may be split is tombstones.
const recordsPerBatchMax = 1_000

/** The records of a decision as the batches they are written in; a sweep may find more than one can hold. */
function inBatches({ records, atomic }: GroupDecision): (readonly GroupRecord[])[] {
  if (atomic || records.length <= recordsPerBatchMax) return records.length === 0 ? [] : [records]
  const count = Math.ceil(records.length / recordsPerBatchMax)
  return Array.from({ length: count }, (_, index) =>
    records.slice(index * recordsPerBatchMax, (index + 1) * recordsPerBatchMax),
  )
}
