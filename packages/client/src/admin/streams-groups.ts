import type { StreamsGroupDescribeResponse } from '@millrace/protocol'
import type { TopicPartition } from '../record.ts'
import type {
  StreamsAssignment,
  StreamsGroupDescription,
  StreamsGroupMember,
  StreamsTasks,
  StreamsTopic,
} from './groups-api.ts'
import { operationsOf } from './names.ts'

type GroupAnswer = StreamsGroupDescribeResponse['groups'][number]
type MemberAnswer = GroupAnswer['members'][number]
type Subtopologies = NonNullable<GroupAnswer['topology']>['subtopologies']

/** What StreamsGroupDescribe says of one group. */
export const streamsGroup = (group: GroupAnswer, coordinator: number): StreamsGroupDescription => ({
  type: 'streams',
  groupId: group.groupId,
  state: group.groupState,
  protocolType: 'streams',
  protocol: '',
  coordinator,
  groupEpoch: group.groupEpoch,
  assignmentEpoch: group.assignmentEpoch,
  authorizedOperations: operationsOf(group.authorizedOperations),
  topologyEpoch: group.topology?.epoch ?? -1,
  subtopologies:
    group.topology?.subtopologies?.map((each) => ({
      subtopologyId: each.subtopologyId,
      sourceTopics: each.sourceTopics,
      repartitionSinkTopics: each.repartitionSinkTopics,
      repartitionSourceTopics: each.repartitionSourceTopics.map(topicOf),
      changelogTopics: each.stateChangelogTopics.map(topicOf),
    })) ?? null,
  members: group.members.map((member) => memberOf(member, group.topology?.subtopologies ?? null)),
})

type TopicAnswer = NonNullable<Subtopologies>[number]['stateChangelogTopics'][number]

const topicOf = ({ topicConfigs, ...topic }: TopicAnswer): StreamsTopic => ({ ...topic, configs: byKey(topicConfigs) })

const byKey = (pairs: readonly { readonly key: string; readonly value: string }[]): Readonly<Record<string, string>> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]))

const memberOf = (member: MemberAnswer, subtopologies: Subtopologies): StreamsGroupMember => ({
  memberId: member.memberId,
  groupInstanceId: member.instanceId,
  clientId: member.clientId,
  clientHost: member.clientHost,
  memberEpoch: member.memberEpoch,
  topologyEpoch: member.topologyEpoch,
  rackId: member.rackId,
  processId: member.processId,
  classic: member.isClassic,
  userEndpoint: member.userEndpoint,
  clientTags: byKey(member.clientTags),
  taskOffsets: member.taskOffsets,
  taskEndOffsets: member.taskEndOffsets,
  tasks: tasksOf(member.assignment),
  targetTasks: tasksOf(member.targetAssignment),
  assignment: member.assignment.activeTasks.flatMap((tasks) => readBy(tasks, subtopologies)),
})

const tasksOf = (assignment: MemberAnswer['assignment']): StreamsAssignment => ({
  active: assignment.activeTasks,
  standby: assignment.standbyTasks,
  warmup: assignment.warmupTasks,
})

// A task reads its own partition of every source topic of its subtopology.
function readBy({ subtopologyId, partitions }: StreamsTasks, subtopologies: Subtopologies): TopicPartition[] {
  const subtopology = subtopologies?.find((each) => each.subtopologyId === subtopologyId)
  if (subtopology === undefined) return []
  const topics = [...subtopology.sourceTopics, ...subtopology.repartitionSourceTopics.map(({ name }) => name)]
  return topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition })))
}
