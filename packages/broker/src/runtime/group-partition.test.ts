import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostTime } from '@millrace/kernel'
import { asOffset, movableClock, seededRandom, silentLogger } from '@millrace/kernel'
import type { ClientCommand, GroupAnswer } from '@millrace/machines'
import { defaultGroupSettings } from '@millrace/machines'
import type { ErrorName } from '@millrace/protocol'
import { batches, batchField, errorName, writeBaseOffset, zeroUuid } from '@millrace/protocol'
import type { AppendOutcome } from '@millrace/storage'
import type { GroupLog } from './group-partition.ts'
import { GroupPartition } from './group-partition.ts'

const stillHost: HostTime = { wallMs: () => 1_000, monotonicMs: () => 0, after: () => () => {} }

/** A partition whose writes and commits happen when the test says so. */
class HeldLog implements GroupLog {
  readonly name = '__consumer_offsets-0'
  failWith: ErrorName | undefined
  readonly #writes: (() => void)[] = []
  readonly #commits: (() => void)[] = []
  #bytes = new Uint8Array(0)
  #end = 0

  get log() {
    const chunks = [this.#bytes]
    const sizeBytes = this.#bytes.length
    return {
      logStartOffset: asOffset(0),
      logEndOffset: asOffset(this.#end),
      read: () => ({ ok: true, chunks, sizeBytes, release: () => {} }) as const,
    }
  }

  append(records: Uint8Array, _origin: string, _acks: number, done: (outcome: AppendOutcome) => void): boolean {
    this.#writes.push(() => done(this.#write(records)))
    return false
  }

  whenCommitted(_lastOffset: number, done: (error: null) => void): null {
    this.#commits.push(() => done(null))
    return null
  }

  write(): void {
    for (const write of this.#writes.splice(0)) write()
  }

  commit(): void {
    for (const commit of this.#commits.splice(0)) commit()
  }

  #write(records: Uint8Array): AppendOutcome {
    if (this.failWith !== undefined) return { ok: false, error: this.failWith, message: 'the disk is full' }
    const baseOffset = asOffset(this.#end)
    for (const position of batches(records)) {
      writeBaseOffset(records, position, this.#end)
      this.#end += batchField.recordCount(records, position)
    }
    this.#bytes = Uint8Array.from([...this.#bytes, ...records])
    const offsets = { baseOffset, lastOffset: asOffset(this.#end - 1), logStartOffset: asOffset(0) }
    return { ok: true, ...offsets, logAppendTimeMs: -1, duplicate: false }
  }
}

function open(log: HeldLog) {
  const groups = new GroupPartition(log, {
    clock: movableClock(stillHost, assert.ifError),
    random: seededRandom(1),
    log: silentLogger,
    settings: () => defaultGroupSettings,
    onEffect: () => {},
  })
  const answers: string[] = []
  let token = 0
  const ask = (command: (token: number) => ClientCommand): void => {
    token += 1
    const own = token
    groups.ask(command(own), (answer) => answers.push(`${own}: ${summary(answer)}`))
  }
  return { groups, answers, ask }
}

function summary(answer: GroupAnswer): string {
  if (answer.kind === 'offsetCommit') return errorName(answer.body.topics[0]?.partitions[0]?.errorCode ?? -1)
  assert.ok(answer.kind === 'offsetFetch')
  const [offset] = answer.body.topics[0]?.partitions ?? []
  return answer.body.errorCode === 0 ? `at ${offset?.committedOffset}` : errorName(answer.body.errorCode)
}

const commitTo =
  (offset: number) =>
  (token: number): ClientCommand => ({
    kind: 'offsetCommit',
    token,
    apiVersion: 9,
    request: {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: [
        {
          name: 'orders',
          topicId: zeroUuid,
          partitions: [
            { partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: null },
          ],
        },
      ],
    },
  })

const fetchOffset = (token: number): ClientCommand => ({
  kind: 'offsetFetch',
  token,
  apiVersion: 9,
  requireStable: false,
  group: { groupId: 'g', memberId: null, memberEpoch: -1, topics: null },
})

/** What was asked for in this turn has happened. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('answers, also of reads, wait until all that was applied before is committed', () => {
  const log = new HeldLog()
  const { answers, ask } = open(log)
  ask(commitTo(5))
  ask(fetchOffset)
  log.write()
  assert.deepEqual(answers, [])
  log.commit()
  assert.deepEqual(answers, ['1: NONE', '2: at 5'])
  ask(fetchOffset)
  assert.equal(answers.at(-1), '3: at 5')
})

test('when a write fails everybody who waits is told, and what was not written is forgotten', async () => {
  const log = new HeldLog()
  const { answers, ask } = open(log)
  ask(commitTo(5))
  log.write()
  log.commit()
  ask(commitTo(6))
  ask(fetchOffset)
  log.failWith = 'KAFKA_STORAGE_ERROR'
  log.write()
  assert.deepEqual(answers, ['1: NONE', '2: NOT_COORDINATOR', '3: NOT_COORDINATOR'])
  ask(fetchOffset)
  assert.equal(answers.at(-1), '4: COORDINATOR_LOAD_IN_PROGRESS')
  await turn()
  ask(fetchOffset)
  assert.equal(answers.at(-1), '5: at 5')
})

test('another coordinator of the same log knows what the first one committed', async () => {
  const log = new HeldLog()
  const first = open(log)
  first.ask(commitTo(7))
  log.write()
  log.commit()
  first.groups.close()
  const second = open(log)
  await turn()
  second.ask(fetchOffset)
  assert.deepEqual(second.answers, ['1: at 7'])
})

test('a coordinator that lost its partition sends everybody away', () => {
  const { groups, answers, ask } = open(new HeldLog())
  ask(commitTo(1))
  groups.close()
  ask(fetchOffset)
  assert.deepEqual(answers, ['1: NOT_COORDINATOR', '2: NOT_COORDINATOR'])
})
