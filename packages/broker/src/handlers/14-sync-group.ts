// SyncGroup v0-5. The answer waits for the leader's assignment. From v5 protocol type and name have to be there.
import { errorCode, syncGroupApi } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

const noAssignment = new Uint8Array(0)

export const syncGroup = defineHandler(syncGroupApi, {
  access: (request) => [need('READ', 'GROUP', request.groupId)],
  handle: (request, { services, apiVersion }) => {
    if (apiVersion >= 5 && (request.protocolType === null || request.protocolName === null)) {
      return { errorCode: errorCode('INCONSISTENT_GROUP_PROTOCOL'), assignment: noAssignment }
    }
    return services.groups.ask<'syncGroup'>(request.groupId, { kind: 'syncGroup', apiVersion, request })
  },
  failure: (_request, error) => ({ errorCode: errorCode(error), assignment: noAssignment }),
})
