import type { Assignments, Assignor, GroupMember } from './assignor.ts'
import { emptyAssignments, inMemberOrder, partitionsOf } from './assignor.ts'
import { inHashMapOrder } from './hash-map-order.ts'

/** Topic by topic, each member gets a run of neighbouring partitions; the first ones get one more if it doesn't divide. */
export const rangeAssignor: Assignor = {
  name: 'range',
  protocols: ['EAGER'],
  userData: () => null,
  assign: (members, partitionCounts) => {
    const assignments = emptyAssignments(members)
    const ordered = inMemberOrder(members)
    for (const topic of inHashMapOrder(partitionCounts.keys())) {
      const subscribers = ordered.filter(({ subscription }) => subscription.topics.includes(topic))
      assignTopic(assignments, subscribers, topic, partitionCounts.get(topic) ?? 0)
    }
    return assignments
  },
}

function assignTopic(
  assignments: Assignments,
  subscribers: readonly GroupMember[],
  topic: string,
  count: number,
): void {
  const partitions = partitionsOf(topic, count)
  const each = Math.floor(count / subscribers.length)
  const withOneMore = count % subscribers.length
  let next = 0
  for (const [index, { memberId }] of subscribers.entries()) {
    const end = next + each + (index < withOneMore ? 1 : 0)
    assignments.get(memberId)?.push(...partitions.slice(next, end))
    next = end
  }
}
