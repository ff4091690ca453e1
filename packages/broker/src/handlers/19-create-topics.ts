// CreateTopics v2-7. The controller decides about each topic on its own; the answer comes when the topics are there, and
// their partitions are open here or the request's time is over: what is left is opened behind it.
import { createTopics as decide } from '@millrace/machines'
import { createTopicsApi, errorCode, errorName } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const createTopics = defineHandler(createTopicsApi, {
  access: (request) => request.topics.map(({ name }) => need('CREATE', 'TOPIC', name)),
  handle: async ({ topics, timeoutMs, validateOnly }, { services, clock, refused }) => {
    const untilMs = clock.monotonicMs() + timeoutMs
    const asked = { topics, validateOnly }
    const results = await services.controller.decide(topics, (view, open) =>
      decide(view, { ...asked, topics: [...open] }),
    )
    for (const result of results) {
      if (result.errorCode !== 0) refused(errorName(result.errorCode), result.errorMessage ?? null)
    }
    const { topicsByName } = services.images.current
    const ids = results.flatMap(({ name, errorCode: error }) => (error === 0 ? (topicsByName.get(name)?.id ?? []) : []))
    await services.partitions.opened(ids, untilMs)
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
