// CreatePartitions v0-3: gives topics more partitions.
import { createPartitions as decide } from '@millrace/machines'
import { createPartitionsApi, errorCode } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const createPartitions = defineHandler(createPartitionsApi, {
  access: (request) => request.topics.map(({ name }) => need('ALTER', 'TOPIC', name)),
  handle: async ({ topics, validateOnly }, { services }) => ({
    throttleTimeMs: 0,
    results: await services.controller.decide(topics, (view, open) =>
      decide(view, { topics: [...open], validateOnly }),
    ),
  }),
  failure: (request, error, errorMessage) => ({
    throttleTimeMs: 0,
    results: request.topics.map(({ name }) => ({ name, errorCode: errorCode(error), errorMessage })),
  }),
})
