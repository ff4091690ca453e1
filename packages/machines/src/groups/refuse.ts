import { unreachable } from '@millrace/kernel'
import type { ErrorName } from '@millrace/protocol'
import type { Reply } from '../machine.ts'
import type { ClientCommand, GroupAnswer, GroupToken } from './command.ts'
import { commitError } from './commit-offsets.ts'
import { deleteGroupsError } from './delete-groups.ts'
import { deleteError } from './delete-offsets.ts'
import { describeError } from './describe.ts'
import { fetchError } from './fetch-offsets.ts'
import { heartbeatAnswer } from './heartbeat.ts'
import { joinError } from './join-answer.ts'
import { leaveError } from './leave.ts'
import { syncError } from './sync-answer.ts'

/**
 * The answer that says `error` for a whole command: while the partition loads, where it isn't this broker's, and when
 * the append failed. ListGroups has no error of one partition: it lists nothing.
 */
export const refuseGroupCommand = (command: ClientCommand, error: ErrorName): Reply<GroupToken, GroupAnswer> => ({
  to: command.token,
  answer: refusal(command, error),
})

function refusal(command: ClientCommand, error: ErrorName): GroupAnswer {
  switch (command.kind) {
    case 'joinGroup':
      return joinError(command.apiVersion, command.request.memberId, error)
    case 'syncGroup':
      return syncError(error)
    case 'heartbeat':
      // While its group is read from the log a member can't be told anything better than to go on.
      return heartbeatAnswer(error === 'COORDINATOR_LOAD_IN_PROGRESS' ? 'NONE' : error)
    case 'leaveGroup':
      return leaveError(error)
    case 'offsetCommit':
      return commitError(command.request, error)
    case 'offsetFetch':
      return fetchError(command, error)
    case 'offsetDelete':
      return deleteError(error)
    case 'describeGroups':
      return { kind: 'describeGroups', body: describeError(command.groupIds, error) }
    case 'listGroups':
      return { kind: 'listGroups', body: [] }
    case 'deleteGroups':
      return { kind: 'deleteGroups', body: deleteGroupsError(command.groupIds, error) }
    default:
      return unreachable(command)
  }
}

const ofAppend: Partial<Readonly<Record<ErrorName, ErrorName>>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'COORDINATOR_NOT_AVAILABLE',
  REQUEST_TIMED_OUT: 'COORDINATOR_NOT_AVAILABLE',
  NETWORK_EXCEPTION: 'COORDINATOR_LOAD_IN_PROGRESS',
  NOT_LEADER_OR_FOLLOWER: 'NOT_COORDINATOR',
  KAFKA_STORAGE_ERROR: 'NOT_COORDINATOR',
  MESSAGE_TOO_LARGE: 'UNKNOWN_SERVER_ERROR',
  RECORD_LIST_TOO_LARGE: 'UNKNOWN_SERVER_ERROR',
  INVALID_FETCH_SIZE: 'UNKNOWN_SERVER_ERROR',
}

/** What clients are told where the append of a decision's records failed: errors of a log mean nothing to them. */
export const coordinatorError = (error: ErrorName): ErrorName => ofAppend[error] ?? error
