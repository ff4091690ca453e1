// CreatePartitions v0-3: gives topics more partitions; answered as CreateTopics is.
import { createPartitions as decide } from '@millrace/machines'
import { createPartitionsApi, errorCode } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const createPartitions = defineHandler(createPartitionsApi, {
  access: (request) => request.topics.map(({ name }) => need('ALTER', 'TOPIC', name)),
  handle: async ({ topics, timeoutMs, validateOnly }, { services, clock }) => {
    const untilMs = clock.monotonicMs() + timeoutMs
    const results = await services.controller.decide(topics, (view, open) =>
      decide(view, { topics: [...open], validateOnly }),
    )
    const { topicsByName } = services.images.current
    await services.partitions.opened(
      results.flatMap(({ name }) => topicsByName.get(name)?.id ?? []),
      untilMs,
    )
    return { throttleTimeMs: 0, results }
  },
  failure: (request, error, errorMessage) => ({
    throttleTimeMs: 0,
    results: request.topics.map(({ name }) => ({ name, errorCode: errorCode(error), errorMessage })),
  }),
})
