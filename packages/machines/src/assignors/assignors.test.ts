// java-assignments.jsonl holds what the assignors of kafka-clients 4.3.0 decided for groups of random members over up to four
// rebalances: members come and go, subscriptions and partitions change, claims are late or doubled.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Assignor, GroupMember } from './assignor.ts'
import type { TopicPartition } from './consumer-protocol.ts'
import { encodeStickyUserData } from './consumer-protocol.ts'
import { rangeAssignor } from './range.ts'
import { roundRobinAssignor } from './round-robin.ts'
import { cooperativeStickyAssignor, stickyAssignor } from './sticky.ts'

type Pair = readonly [string, number]
interface Vector {
  readonly assignor: string
  readonly counts: Readonly<Record<string, number>>
  readonly members: readonly {
    readonly id: string
    readonly instance: string | null
    readonly topics: readonly string[]
    readonly owned: readonly Pair[]
    readonly generation: number | null
  }[]
  readonly result: Readonly<Record<string, readonly Pair[]>>
}

const assignors = new Map<string, Assignor>(
  [rangeAssignor, roundRobinAssignor, stickyAssignor, cooperativeStickyAssignor].map((one) => [one.name, one]),
)

const vectors = readFileSync(join(import.meta.dirname, 'java-assignments.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector)

const partition = ([topic, number]: Pair): TopicPartition => ({ topic, partition: number })

function groupMember(assignor: string, member: Vector['members'][number]): GroupMember {
  const owned = member.owned.map(partition)
  const isSticky = assignor === 'sticky'
  const userData = isSticky && member.generation !== null ? encodeStickyUserData(owned, member.generation) : null
  return {
    memberId: member.id,
    groupInstanceId: member.instance,
    subscription: {
      topics: member.topics,
      userData,
      ownedPartitions: isSticky ? [] : owned,
      generationId: member.generation,
      rackId: null,
    },
  }
}

function assignmentOf(vector: Vector): Record<string, Pair[]> {
  const assignor = assignors.get(vector.assignor)
  assert(assignor !== undefined)
  const members = vector.members.map((member) => groupMember(vector.assignor, member))
  const assignments = assignor.assign(members, new Map(Object.entries(vector.counts)))
  return Object.fromEntries(
    [...assignments].map(([memberId, partitions]) => [
      memberId,
      partitions.map((one): Pair => [one.topic, one.partition]),
    ]),
  )
}

for (const name of assignors.keys()) {
  test(`${name} assigns what Kafka's Java assignor of that name assigns`, () => {
    const cases = vectors.filter((vector) => vector.assignor === name)
    assert(cases.length > 0)
    for (const vector of cases) assert.deepEqual(assignmentOf(vector), vector.result, JSON.stringify(vector))
  })
}
