// DeleteGroups v0-2: groups without members go, with their offsets. A name that comes twice counts once.
import { deleteGroupsApi, errorCode } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const deleteGroups = defineHandler(deleteGroupsApi, {
  access: (request) => request.groupsNames.map((groupId) => need('DELETE', 'GROUP', groupId)),
  handle: async ({ groupsNames }, { services, apiVersion }) => {
    const bundles = services.groups
      .byPartition([...new Set(groupsNames)])
      .map((groupIds) =>
        services.groups.ask<'deleteGroups'>(groupIds[0] ?? '', { kind: 'deleteGroups', apiVersion, groupIds }),
      )
    return { throttleTimeMs: 0, results: (await Promise.all(bundles)).flat() }
  },
  failure: (request, error) => ({
    throttleTimeMs: 0,
    results: request.groupsNames.map((groupId) => ({ groupId, errorCode: errorCode(error) })),
  }),
})
