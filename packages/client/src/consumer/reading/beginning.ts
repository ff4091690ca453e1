import type { TopicPartition } from '../../record.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import type { GroupMember } from '../group/group-member.ts'
import { watchLoop } from '../group/loop-watch.ts'
import type { OwnOffsets } from '../offsets/own-offsets.ts'
import type { SubscribedTopics } from '../topics.ts'
import type { Assignments } from './assignments.ts'
import type { Reader } from './reader.ts'

interface Parts {
  readonly topics: SubscribedTopics
  readonly assignments: Assignments
  readonly offsets: OwnOffsets
  readonly reader: () => Reader | undefined
  /** Goes on until the consumer is closed; what it rejects with ends the reading. */
  readonly background: (work: Promise<void>) => void
}

/** Joins the group, which then says what is read. */
export async function beginInGroup(context: ConsumerContext, parts: Parts, member: GroupMember): Promise<void> {
  await parts.topics.begin()
  const leave = async (): Promise<void> => {
    // From here on somebody else may have them.
    for (const state of context.partitions) state.held = true
    await member.leaveForNow()
  }
  parts.background(parts.offsets.commitRegularly())
  parts.background(watchLoop(context, parts.reader, leave))
  member.start()
}

/** Reads what is assigned by hand, or all partitions of the topics, also those that come later. */
export async function beginAlone(context: ConsumerContext, parts: Parts): Promise<void> {
  const { assignment } = context.settings
  if (assignment === undefined) await parts.topics.beginAll()
  await parts.assignments.assign(assignment ?? parts.topics.partitions())
  parts.background(parts.offsets.commitRegularly())
  if (assignment !== undefined) return
  // What comes later is read from its first record.
  const onNew = (partitions: readonly TopicPartition[]): Promise<void> =>
    parts.assignments.assign(partitions.map((each) => ({ ...each, start: 'earliest' })))
  parts.background(parts.topics.watch(onNew))
}
