import { unreachable } from '@millrace/kernel'
import type { GroupAnswer, GroupDecision } from '@millrace/machines'
import { errorName, zeroUuid } from '@millrace/protocol'
import type { GroupRecord } from './group-double.ts'

const decoder = new TextDecoder()

// Metadata and assignments are text in scenarios; a consumer's subscription shows its topics between control characters.
const bytesText = (bytes: Uint8Array): string =>
  decoder
    .decode(bytes)
    .replaceAll(/[^\x21-\x7e]+/g, ' ')
    .trim()

const fields = (values: Readonly<Record<string, string | number | boolean | null>>): string =>
  Object.entries(values)
    .filter(([, value]) => value !== null && value !== '' && value !== false)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')

const line = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ')

function showAnswer(answer: GroupAnswer): string[] {
  switch (answer.kind) {
    case 'joinGroup':
      return showJoin(answer.body)
    case 'syncGroup':
      return showSync(answer.body)
    case 'heartbeat':
      return [errorName(answer.body.errorCode)]
    case 'leaveGroup':
      return showLeave(answer.body)
    case 'offsetCommit':
      return answer.body.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => `${name}-${partitionIndex} ${errorName(errorCode)}`),
      )
    case 'offsetFetch':
      return [errorName(answer.body.errorCode), ...answer.body.topics.flatMap(showFetchedTopic)]
    case 'offsetDelete':
      return showOffsetDelete(answer.body)
    case 'describeGroups':
      return answer.body.flatMap(showDescribed)
    case 'listGroups':
      return answer.body.map(showListed)
    case 'deleteGroups':
      return answer.body.map(({ groupId, errorCode }) => `${groupId} ${errorName(errorCode)}`)
    default:
      return unreachable(answer)
  }
}

type Body<Kind extends GroupAnswer['kind']> = Extract<GroupAnswer, { kind: Kind }>['body']

const showSync = ({ errorCode, protocolType, protocolName, assignment }: Body<'syncGroup'>): string[] => [
  line(errorName(errorCode), fields({ type: protocolType, protocol: protocolName, assignment: bytesText(assignment) })),
]

const showLeave = ({ errorCode, members }: Body<'leaveGroup'>): string[] => [
  errorName(errorCode),
  ...members.map((member) =>
    line(' ', errorName(member.errorCode), fields({ member: member.memberId, instance: member.groupInstanceId })),
  ),
]

const showOffsetDelete = ({ errorCode, topics }: Body<'offsetDelete'>): string[] => [
  errorName(errorCode),
  ...topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => `  ${name}-${partition.partitionIndex} ${errorName(partition.errorCode)}`),
  ),
]

function showJoin(body: Body<'joinGroup'>): string[] {
  const { errorCode, generationId, protocolType, protocolName, leader, memberId, skipAssignment } = body
  if (errorName(errorCode) !== 'NONE') return [line(errorName(errorCode), fields({ member: memberId }))]
  const values = { generation: generationId, type: protocolType, protocol: protocolName, leader, member: memberId }
  const members = body.members.map((member) =>
    line('  ', fields({ member: member.memberId, instance: member.groupInstanceId }), bytesText(member.metadata)),
  )
  return [line('NONE', fields({ ...values, skipAssignment })), ...members]
}

const showFetchedTopic = ({ name, partitions }: Body<'offsetFetch'>['topics'][number]): string[] =>
  partitions.map((partition) =>
    line(
      `  ${name}-${partition.partitionIndex}`,
      errorName(partition.errorCode),
      fields({
        offset: partition.committedOffset,
        epoch: partition.committedLeaderEpoch === -1 ? null : partition.committedLeaderEpoch,
        metadata: partition.metadata,
      }),
    ),
  )

const showListed = ({ groupId, groupState, groupType, protocolType }: Body<'listGroups'>[number]): string =>
  line(groupId, groupType, groupState, fields({ type: protocolType }))

function showDescribed(group: Body<'describeGroups'>[number]): string[] {
  const values = { type: group.protocolType, protocol: group.protocolData, message: group.errorMessage }
  const members = group.members.map((member) =>
    line(
      '  ',
      fields({
        member: member.memberId,
        instance: member.groupInstanceId,
        client: member.clientId,
        host: member.clientHost,
        metadata: bytesText(member.memberMetadata),
        assignment: bytesText(member.memberAssignment),
      }),
    ),
  )
  return [line(group.groupId, errorName(group.errorCode), group.groupState, fields(values)), ...members]
}

function showRecord(record: GroupRecord): string[] {
  if (record.kind === 'foreign')
    return [`foreign record ${bytesText(record.key)}${record.value === null ? ' removed' : ''}`]
  if (record.kind === 'offset')
    return [`offset ${record.groupId} ${record.topic}-${record.partition} ${showOffset(record)}`]
  if (record.value === null) return [`group ${record.groupId} removed`]
  const { generation, protocolType, protocolName, leaderId, members } = record.value
  const values = { generation, type: protocolType, protocol: protocolName, leader: leaderId }
  return [
    line('group', record.groupId, fields(values)),
    ...members.map((member) =>
      line(
        '  ',
        fields({
          member: member.memberId,
          instance: member.groupInstanceId,
          session: member.sessionTimeoutMs,
          rebalance: member.rebalanceTimeoutMs,
          subscription: bytesText(member.subscription),
          assignment: bytesText(member.assignment),
        }),
      ),
    ),
  ]
}

function showOffset({ value }: Extract<GroupRecord, { kind: 'offset' }>): string {
  if (value === null) return 'removed'
  const { offset, leaderEpoch, topicId, expiresAtMs, metadata } = value
  return line(
    String(offset),
    fields({
      epoch: leaderEpoch === -1 ? null : leaderEpoch,
      topicId: topicId === zeroUuid ? null : topicId,
      expires: expiresAtMs === -1 ? null : expiresAtMs,
      metadata: metadata.length > 40 ? `${metadata.length} characters` : metadata,
    }),
  )
}

const showTimer = (timer: GroupDecision['timers'][number]): string =>
  timer.kind === 'set' ? `timer ${timer.key} in ${timer.delayMs}` : `timer ${timer.key} off`

/** Everything that a decision leads to, save the log lines: answers, records, timers. */
export function showDecision(decision: GroupDecision, nameOf: (token: number) => string): string[] {
  return [
    ...decision.replies.flatMap(({ to, answer }) => {
      const [first = '', ...rest] = showAnswer(answer)
      return [`${nameOf(to)}: ${first}`, ...rest]
    }),
    ...decision.records.flatMap((record) => {
      const [first = '', ...rest] = showRecord(record)
      return [`+ ${first}`, ...rest]
    }),
    ...decision.timers.map(showTimer),
  ]
}
