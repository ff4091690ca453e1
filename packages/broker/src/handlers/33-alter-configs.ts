// AlterConfigs v0-2: all settings of a resource become those given. Clients are told to use IncrementalAlterConfigs.
import { alterConfigs as decide } from '@millrace/machines'
import { alterConfigsApi, errorCode } from '@millrace/protocol'
import { defineHandler } from '../dispatch/handler.ts'
import { byDirection, configAccess } from '../runtime/config-resources.ts'

export const alterConfigs = defineHandler(alterConfigsApi, {
  access: (request) => request.resources.map((resource) => configAccess('ALTER_CONFIGS', resource)),
  handle: async ({ resources, validateOnly }, { services }) => {
    const { asked, refused } = byDirection(resources, services.brokerId)
    const answers = await services.controller.decide(asked, (view, open) =>
      decide(view, { resources: [...open], validateOnly }),
    )
    return { throttleTimeMs: 0, responses: [...refused, ...answers] }
  },
  failure: (request, error, errorMessage) => ({
    throttleTimeMs: 0,
    responses: request.resources.map(({ resourceType, resourceName }) => ({
      errorCode: errorCode(error),
      errorMessage,
      resourceType,
      resourceName,
    })),
  }),
})
