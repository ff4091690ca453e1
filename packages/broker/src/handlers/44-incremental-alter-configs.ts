// IncrementalAlterConfigs v0-1: sets, deletes, appends to and subtracts from the settings that are named.
import { incrementalAlterConfigs as decide } from '@millrace/machines'
import { errorCode, incrementalAlterConfigsApi } from '@millrace/protocol'
import { defineHandler } from '../dispatch/handler.ts'
import { byDirection, configAccess } from '../runtime/config-resources.ts'

export const incrementalAlterConfigs = defineHandler(incrementalAlterConfigsApi, {
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
