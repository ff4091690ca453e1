// java-assignments.jsonl holds what the assignors of kafka-clients 4.3.0 decided for groups of random members over up to four
// rebalances: members come and go, subscriptions and partitions change, claims are late or doubled. In
// java-rack-assignments.jsonl members and replicas are in racks (KIP-881), or some of them are.
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
  /** Of the first table. */
  readonly counts?: Readonly<Record<string, number>>
  /** Of the second: those of each partition. */
  readonly racks?: Readonly<Record<string, readonly (readonly string[])[]>>
  readonly members: readonly {
    readonly id: string
    readonly instance: string | null
    readonly rack?: string | null
    readonly topics: readonly string[]
    readonly owned: readonly Pair[]
    readonly generation: number | null
  }[]
  readonly result: Readonly<Record<string, readonly Pair[]>>
}

const assignors = new Map<string, Assignor>(
  [rangeAssignor, roundRobinAssignor, stickyAssignor, cooperativeStickyAssignor].map((one) => [one.name, one]),
)

const vectorsIn = (file: string): readonly Vector[] =>
  readFileSync(join(import.meta.dirname, file), 'utf8')
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
      rackId: member.rack ?? null,
    },
  }
}

function assignmentOf(vector: Vector): Record<string, Pair[]> {
  const assignor = assignors.get(vector.assignor)
  assert(assignor !== undefined)
  const members = vector.members.map((member) => groupMember(vector.assignor, member))
  const racks = new Map(Object.entries(vector.racks ?? {}))
  const counts = vector.counts ?? Object.fromEntries(Array.from(racks, ([topic, { length }]) => [topic, length]))
  const assignments = assignor.assign(members, new Map(Object.entries(counts)), racks)
  return Object.fromEntries(
    [...assignments].map(([memberId, partitions]) => [
      memberId,
      partitions.map((one): Pair => [one.topic, one.partition]),
    ]),
  )
}

const tables = [
  ['', 'java-assignments.jsonl', assignors.keys()],
  [' with racks', 'java-rack-assignments.jsonl', ['range', 'sticky', 'cooperative-sticky']],
] as const

for (const [how, file, names] of tables) {
  const vectors = vectorsIn(file)
  for (const name of names) {
    test(`${name}${how} assigns what Kafka's Java assignor of that name assigns`, () => {
      const cases = vectors.filter((vector) => vector.assignor === name)
      assert(cases.length > 0)
      for (const vector of cases) assert.deepEqual(assignmentOf(vector), vector.result, JSON.stringify(vector))
    })
  }
}
