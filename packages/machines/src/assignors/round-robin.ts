import type { Assignor } from './assignor.ts'
import { compare, emptyAssignments, inMemberOrder, partitionsOf } from './assignor.ts'

/** Deals all partitions of all topics out in turn, skipping members that aren't subscribed. */
export const roundRobinAssignor: Assignor = {
  name: 'roundrobin',
  protocols: ['EAGER'],
  userData: () => null,
  assign: (members, partitionCounts) => {
    const assignments = emptyAssignments(members)
    const ordered = inMemberOrder(members)
    let turn = 0
    for (const partition of subscribedPartitions(ordered, partitionCounts)) {
      while (ordered[turn]?.subscription.topics.includes(partition.topic) === false) turn = (turn + 1) % ordered.length
      const member = ordered[turn]
      if (member !== undefined) assignments.get(member.memberId)?.push(partition)
      turn = (turn + 1) % ordered.length
    }
    return assignments
  },
}

const subscribedPartitions = (
  members: Parameters<Assignor['assign']>[0],
  partitionCounts: ReadonlyMap<string, number>,
) =>
  [...new Set(members.flatMap(({ subscription }) => subscription.topics))]
    .toSorted(compare)
    .flatMap((topic) => partitionsOf(topic, partitionCounts.get(topic) ?? 0))
