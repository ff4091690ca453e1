import type { AdminApi, CallOptions, GroupDescription, TopicPartition } from '@millrace/client'
import type { Row } from '../output/print.ts'

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`

/** One row for each partition that the group has committed or that a member reads, sorted by name. */
export async function groupLag(admin: AdminApi, group: GroupDescription, call: CallOptions): Promise<Row[]> {
  const committed = await admin.fetchOffsets(group.groupId, undefined, call)
  const offsets = new Map(committed.map((each) => [nameOf(each), each.offset]))
  const owners = new Map(
    group.members.flatMap((member) => member.assignment.map((each) => [nameOf(each), member] as const)),
  )
  const partitions = new Map<string, TopicPartition>()
  for (const each of [...committed, ...group.members.flatMap((member) => member.assignment)]) {
    partitions.set(nameOf(each), { topic: each.topic, partition: each.partition })
  }
  const ends = await admin.listOffsets(
    [...partitions.values()].map((each) => ({ ...each, at: 'latest' as const })),
    call,
  )
  return [...partitions.values()].toSorted(byName).map((each): Row => {
    const name = nameOf(each)
    const owner = owners.get(name)
    const at = offsets.get(name) ?? null
    const latest = ends.get(name)
    const end = latest?.ok === true ? latest.value.offset : null
    return {
      group: group.groupId,
      state: group.state,
      topic: each.topic,
      partition: each.partition,
      committed: at,
      latest: end,
      lag: at === null || end === null ? null : Math.max(0, end - at),
      member: owner?.memberId ?? null,
      client: owner?.clientId ?? null,
      host: owner?.clientHost ?? null,
    }
  })
}

export function byName(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}
