// What assignments hold when members and replicas are in racks (KIP-881); that they are Java's is in assignors.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Assignments, Assignor, GroupMember, PartitionRacks } from './assignor.ts'
import type { TopicPartition } from './consumer-protocol.ts'
import { encodeStickyUserData } from './consumer-protocol.ts'
import { rangeAssignor } from './range.ts'
import { stickyAssignor } from './sticky.ts'

interface Group {
  readonly members: readonly GroupMember[]
  readonly racks: PartitionRacks
}

const rack = fc.constantFrom('a', 'b', 'c')
const topicNames = ['orders', 'returns', 'stock']

const memberOf = (memberId: string, rackId: string | null, topics: readonly string[]): GroupMember => ({
  memberId,
  groupInstanceId: null,
  subscription: { topics, userData: null, ownedPartitions: [], generationId: null, rackId },
})

/** Members of which some say nothing of their rack; all subscribe to the same topics, or each to its own. */
const groups = (topicsMost: number, alike: boolean): fc.Arbitrary<Group> =>
  fc
    .record({
      places: fc.array(fc.option(rack, { freq: 6 }), { minLength: 1, maxLength: 7 }),
      topics: fc.array(fc.array(fc.uniqueArray(rack, { maxLength: 2 }), { maxLength: 9 }), {
        minLength: 1,
        maxLength: topicsMost,
      }),
      picks: fc.array(fc.nat(7), { minLength: 7, maxLength: 7 }),
    })
    .map(({ places, topics, picks }) => {
      const names = topicNames.slice(0, topics.length)
      const mine = (i: number): string[] => names.filter((_, bit) => alike || ((picks[i] ?? 0) & (1 << bit)) === 0)
      return {
        members: places.map((place, i) => memberOf(`member-${i}`, place, mine(i))),
        racks: new Map(topics.map((partitions, i) => [topicNames[i] ?? '', partitions])),
      }
    })

const countsOf = ({ racks }: Group): Map<string, number> =>
  new Map(Array.from(racks, ([topic, { length }]) => [topic, length]))

const assign = (assignor: Assignor, group: Group): Assignments =>
  assignor.assign(group.members, countsOf(group), group.racks)

const withoutRacks = (assignor: Assignor, group: Group): Assignments => assignor.assign(group.members, countsOf(group))

const of = (assignments: Assignments, { memberId }: GroupMember): TopicPartition[] => assignments.get(memberId) ?? []

const isNear = ({ subscription }: GroupMember, { topic, partition }: TopicPartition, { racks }: Group): boolean =>
  subscription.rackId !== null && racks.get(topic)?.[partition]?.includes(subscription.rackId) === true

const countNear = (group: Group, assignments: Assignments): number =>
  group.members.flatMap((member) => of(assignments, member).filter((each) => isNear(member, each, group))).length

/** The farthest that two of them are apart. */
const spread = (loads: readonly number[]): number => (loads.length === 0 ? 0 : Math.max(...loads) - Math.min(...loads))

const assignors = [rangeAssignor, stickyAssignor]

for (const assignor of assignors) {
  test(`${assignor.name}: with racks each partition goes to one member that is subscribed to its topic`, () => {
    fc.assert(
      fc.property(fc.oneof(groups(3, true), groups(3, false)), (group) => {
        const assignments = assign(assignor, group)
        const given: string[] = []
        for (const member of group.members) {
          for (const { topic, partition } of of(assignments, member)) {
            assert.ok(member.subscription.topics.includes(topic))
            given.push(`${topic}-${partition}`)
          }
        }
        const wanted = [...countsOf(group)].flatMap(([topic, count]) =>
          group.members.some(({ subscription }) => subscription.topics.includes(topic))
            ? Array.from({ length: count }, (_, partition) => `${topic}-${partition}`)
            : [],
        )
        assert.deepEqual(given.toSorted(), wanted.toSorted())
      }),
    )
  })

  test(`${assignor.name}: where all racks have everything, or nobody says where they are, racks change nothing`, () => {
    fc.assert(
      fc.property(groups(3, true), fc.boolean(), (group, nobodySays) => {
        const everywhere = new Map(Array.from(group.racks, ([topic, each]) => [topic, each.map(() => ['a', 'b', 'c'])]))
        const quiet = group.members.map(({ memberId, subscription }) => memberOf(memberId, null, subscription.topics))
        const same = nobodySays ? { ...group, members: quiet } : { ...group, racks: everywhere }
        assert.deepEqual(assign(assignor, same), withoutRacks(assignor, same))
      }),
    )
  })

  // As Kafka's, they give to whoever comes first and is near: with several topics that may now and then be one less.
  test(`${assignor.name}: members are near much more of what they get than without racks`, () => {
    let [near, otherwise] = [0, 0]
    const count = (group: Group): void => {
      near += countNear(group, assign(assignor, group))
      otherwise += countNear(group, withoutRacks(assignor, group))
    }
    fc.assert(fc.property(groups(3, true), count), { seed: 881, numRuns: 500 })
    assert.ok(near > 1.2 * otherwise, `${near} with racks, ${otherwise} without`)
  })
}

test('range: with racks shares of a topic differ by one at most, and topics alike go together where all are near', () => {
  fc.assert(
    fc.property(groups(3, false), (group) => {
      const assignments = assign(rangeAssignor, group)
      for (const topic of group.racks.keys()) {
        const subscribers = group.members.filter(({ subscription }) => subscription.topics.includes(topic))
        assert.ok(
          spread(subscribers.map((member) => of(assignments, member).filter((p) => p.topic === topic).length)) <= 1,
        )
      }
    }),
  )
  const alike = [['a'], ['b'], ['a'], ['b']]
  const names = ['orders', 'returns']
  const members = ['b', 'a'].map((place, i) => memberOf(`member-${i}`, place, names))
  const together = assign(rangeAssignor, { members, racks: new Map(names.map((name) => [name, alike])) })
  const partitions = (...numbers: number[]) =>
    names.flatMap((topic) => numbers.map((partition) => ({ topic, partition })))
  assert.deepEqual([...together.values()], [partitions(1, 3), partitions(0, 2)])
})

test('sticky: with racks loads differ by one at most, and what is near stays within the shares', () => {
  fc.assert(
    fc.property(groups(3, true), groups(3, true), (group, { members: places }) => {
      const first = assign(stickyAssignor, group)
      assert.ok(spread([...first.values()].map(({ length }) => length)) <= 1)
      // The next round, where members may be in other racks.
      const moved = group.members.map((member, i) => {
        const { subscription } = member
        const rackId = places[i]?.subscription.rackId ?? subscription.rackId
        const userData = encodeStickyUserData(of(first, member), 1)
        return { ...member, subscription: { ...subscription, generationId: 1, userData, rackId } }
      })
      const second = assign(stickyAssignor, { ...group, members: moved })
      assert.ok(spread([...second.values()].map(({ length }) => length)) <= 1)
      const share = Math.floor([...countsOf(group).values()].reduce((sum, count) => sum + count, 0) / moved.length)
      for (const member of moved) {
        const had = of(first, member).filter((each) => isNear(member, each, group))
        const has = new Set(of(second, member).map(({ topic, partition }) => `${topic}-${partition}`))
        const kept = had.filter(({ topic, partition }) => has.has(`${topic}-${partition}`))
        assert.ok(kept.length >= Math.min(share, had.length))
      }
    }),
  )
})
