// CreateTopics v2-7. The controller decides about each topic on its own; the answer comes when the topics are there.
import { createTopics as decide } from '@millrace/machines'
import { createTopicsApi, errorCode, errorName } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const createTopics = defineHandler(createTopicsApi, {
  access: (request) => request.topics.map(({ name }) => need('CREATE', 'TOPIC', name)),
  handle: async ({ topics, validateOnly }, { services, refused }) => {
    const asked = { topics, validateOnly }
    const results = await services.controller.decide(topics, (view, open) =>
      decide(view, { ...asked, topics: [...open] }),
    )
    for (const result of results) {
      if (result.errorCode !== 0) refused(errorName(result.errorCode), result.errorMessage ?? null)
    }
    return { throttleTimeMs: 0, topics: results }
  },
  failure: (request, error, errorMessage) => ({
    topics: request.topics.map(({ name }) => ({
      name,
      errorCode: errorCode(error),
      errorMessage,
      configs: [],
    })),
  }),
})
