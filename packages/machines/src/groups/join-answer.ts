import type { ErrorName } from '@millrace/protocol'
import { errorCode } from '@millrace/protocol'
import type { GroupAnswer } from './command.ts'
import { protocolMetadata } from './protocols.ts'
import type { LiveGroup } from './state.ts'

// Before version 7 the protocol's name can't be null, from then on it can't be empty.
const protocolNameFor = (apiVersion: number, name: string | null): string | null =>
  apiVersion < 7 ? (name ?? '') : name === '' ? null : name

export const joinError = (apiVersion: number, memberId: string, error: ErrorName): GroupAnswer => ({
  kind: 'joinGroup',
  body: {
    throttleTimeMs: 0,
    errorCode: errorCode(error),
    generationId: -1,
    protocolType: null,
    protocolName: protocolNameFor(apiVersion, null),
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  },
})

export interface JoinAnswerOptions {
  /** Who is told to be the leader, where that isn't the group's. */
  readonly leader?: string
  readonly skipAssignment?: boolean
}

/** The member is in the group's generation; its leader also hears who else is. */
export function joined(
  group: LiveGroup,
  memberId: string,
  apiVersion: number,
  options: JoinAnswerOptions = {},
): GroupAnswer {
  const leader = options.leader ?? group.leaderId ?? ''
  return {
    kind: 'joinGroup',
    body: {
      throttleTimeMs: 0,
      errorCode: errorCode('NONE'),
      generationId: group.generation,
      protocolType: group.protocolType,
      protocolName: protocolNameFor(apiVersion, group.protocolName),
      leader,
      skipAssignment: options.skipAssignment ?? false,
      memberId,
      members: leader === memberId ? membersForLeader(group) : [],
    },
  }
}

const membersForLeader = (group: LiveGroup) =>
  [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: protocolMetadata(member, group.protocolName),
  }))
