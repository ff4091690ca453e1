// IncrementalAlterConfigs v0-1: sets, deletes, appends to and subtracts from the settings that are named. Levels of
// loggers are this broker's own, and are forgotten when it stops.
import { incrementalAlterConfigs as decide } from '@millrace/machines'
import { errorCode, incrementalAlterConfigsApi } from '@millrace/protocol'
import { defineHandler } from '../dispatch/handler.ts'
import { byDirection, configAccess } from '../runtime/config-resources.ts'
import { alterLoggersOf } from '../runtime/logger-resource.ts'

export const incrementalAlterConfigs = defineHandler(incrementalAlterConfigsApi, {
  access: (request) => request.resources.map((resource) => configAccess('ALTER_CONFIGS', resource)),
  handle: async ({ resources, validateOnly }, { services }) => {
    const { asked: mine, refused } = byDirection(resources, services.brokerId)
    const { altered, asked } = alterLoggersOf(mine, services.loggers, validateOnly)
    const answers = await services.controller.decide(asked, (view, open) =>
      decide(view, { resources: [...open], validateOnly }),
    )
    return { throttleTimeMs: 0, responses: [...refused, ...altered, ...answers] }
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
