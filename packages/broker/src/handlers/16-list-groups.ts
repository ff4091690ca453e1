// ListGroups v0-5: the groups whose coordinator this broker is, in all states and of all types or some of them.
import { errorCode, listGroupsApi } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const listGroups = defineHandler(listGroupsApi, {
  access: () => [need('DESCRIBE', 'CLUSTER', 'kafka-cluster')],
  handle: async ({ statesFilter, typesFilter }, { services, apiVersion }) => {
    if (services.groups.isLoading) return { errorCode: errorCode('COORDINATOR_LOAD_IN_PROGRESS'), groups: [] }
    const groups = await services.groups.askAll<'listGroups'>({
      kind: 'listGroups',
      apiVersion,
      statesFilter,
      typesFilter,
    })
    return { throttleTimeMs: 0, errorCode: 0, groups: groups.flat() }
  },
  failure: (_request, error) => ({ errorCode: errorCode(error), groups: [] }),
})
