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
  }
}

/** The error that clients get for one of an append, as Apache Kafka's coordinator maps them. */
export function coordinatorError(error: ErrorName): ErrorName {
  switch (error) {
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'NOT_ENOUGH_REPLICAS':
    case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
    case 'REQUEST_TIMED_OUT':
      return 'COORDINATOR_NOT_AVAILABLE'
    case 'NOT_LEADER_OR_FOLLOWER':
    case 'KAFKA_STORAGE_ERROR':
      return 'NOT_COORDINATOR'
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
    case 'INVALID_FETCH_SIZE':
      return 'UNKNOWN_SERVER_ERROR'
    default:
      return error
  }
}
