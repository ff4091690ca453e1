// Heartbeat v0-4. Answers UNKNOWN_MEMBER_ID for a member or group that isn't there; never creates one.
import { errorCode, heartbeatApi } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const heartbeat = defineHandler(heartbeatApi, {
  access: (request) => [need('READ', 'GROUP', request.groupId)],
  handle: (request, { services, apiVersion }) =>
    services.groups.ask<'heartbeat'>(request.groupId, { kind: 'heartbeat', apiVersion, request }),
  failure: (_request, error) => ({ errorCode: errorCode(error) }),
})
