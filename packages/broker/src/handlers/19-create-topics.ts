// CreateTopics v2-7. The controller decides about each topic on its own; the answer comes when the topics are there.
import { createTopics as decide } from '@millrace/machines'
import { createTopicsApi, errorCode } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const createTopics = defineHandler(createTopicsApi, {
  access: (request) => request.topics.map(({ name }) => need('CREATE', 'TOPIC', name)),
  handle: async ({ topics, validateOnly }, { services }) => ({
    throttleTimeMs: 0,
    topics: await services.controller.decide(topics, (view, open) => decide(view, { topics: [...open], validateOnly })),
  }),
  failure: (request, error, errorMessage) => ({
    topics: request.topics.map(({ name }) => ({
      name,
      errorCode: errorCode(error),
      errorMessage,
      configs: [],
    })),
  }),
})
