import type { ErrorName } from '@millrace/protocol'
import { staticMemberId } from './live-group.ts'
import type { LiveGroup } from './state.ts'

/** Whether this is a member of the group, under the id that its instance id has now. */
export function memberError(group: LiveGroup, memberId: string, groupInstanceId: string | null): ErrorName | null {
  if (groupInstanceId !== null) {
    const current = staticMemberId(group, groupInstanceId)
    if (current === undefined) return 'UNKNOWN_MEMBER_ID'
    if (current !== memberId) return 'FENCED_INSTANCE_ID'
  }
  return group.members.has(memberId) ? null : 'UNKNOWN_MEMBER_ID'
}
