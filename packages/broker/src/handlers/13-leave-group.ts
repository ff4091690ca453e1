// LeaveGroup v0-5; from v3 for many members at once, static ones by their instance id.
import { errorCode, leaveGroupApi } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const leaveGroup = defineHandler(leaveGroupApi, {
  access: (request) => [need('READ', 'GROUP', request.groupId)],
  handle: (request, { services, apiVersion }) =>
    services.groups.ask<'leaveGroup'>(request.groupId, { kind: 'leaveGroup', apiVersion, request }),
  failure: (_request, error) => ({ errorCode: errorCode(error), members: [] }),
})
