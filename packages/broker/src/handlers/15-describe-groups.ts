// DescribeGroups v0-6.
import { describeGroupsApi, errorCode } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'
import { groupOperations, operationsNotAsked } from '../runtime/authorized-operations.ts'

export const describeGroups = defineHandler(describeGroupsApi, {
  access: (request) => request.groups.map((groupId) => need('DESCRIBE', 'GROUP', groupId)),
  handle: async ({ groups: asked, includeAuthorizedOperations }, { services, apiVersion }) => {
    const bundles = services.groups
      .byPartition(asked)
      .map((groupIds) =>
        services.groups.ask<'describeGroups'>(groupIds[0] ?? '', { kind: 'describeGroups', apiVersion, groupIds }),
      )
    const groups = (await Promise.all(bundles)).flat().map((group) => ({
      ...group,
      authorizedOperations: includeAuthorizedOperations && group.errorCode === 0 ? groupOperations : operationsNotAsked,
    }))
    return { throttleTimeMs: 0, groups }
  },
  failure: (request, error) => ({
    groups: request.groups.map((groupId) => ({
      errorCode: errorCode(error),
      groupId,
      groupState: '',
      protocolType: '',
      protocolData: '',
      members: [],
    })),
  }),
})
