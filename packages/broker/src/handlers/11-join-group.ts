// JoinGroup v0-9. The answer waits until the group's rebalance has everybody, or its time is up.
import { errorCode, joinGroupApi } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const joinGroup = defineHandler(joinGroupApi, {
  access: (request) => [need('READ', 'GROUP', request.groupId)],
  handle: (request, { services, apiVersion, clientId, connection }) =>
    services.groups.ask<'joinGroup'>(request.groupId, {
      kind: 'joinGroup',
      apiVersion,
      clientId: clientId ?? '',
      remoteHost: connection.remoteHost,
      request,
    }),
  failure: (request, error) => ({
    errorCode: errorCode(error),
    // Versions that can't carry a null say it with an empty name.
    protocolName: '',
    leader: '',
    memberId: request.memberId,
    members: [],
  }),
})
