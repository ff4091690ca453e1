import type { ErrorName } from '@millrace/protocol'
import { errorCode } from '@millrace/protocol'
import type { GroupAnswer } from './command.ts'
import { noAssignment } from './live-group.ts'
import type { LiveGroup } from './state.ts'

export const syncError = (error: ErrorName): GroupAnswer => ({
  kind: 'syncGroup',
  body: {
    throttleTimeMs: 0,
    errorCode: errorCode(error),
    protocolType: null,
    protocolName: null,
    assignment: noAssignment,
  },
})

export const synced = (group: LiveGroup, assignment: Uint8Array): GroupAnswer => ({
  kind: 'syncGroup',
  body: {
    throttleTimeMs: 0,
    errorCode: errorCode('NONE'),
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    assignment,
  },
})
