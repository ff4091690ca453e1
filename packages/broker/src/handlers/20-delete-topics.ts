// DeleteTopics v1-6: by name, from v6 also by id. The answer comes when the topics are gone from the metadata, and their
// folders here have durably another name or the request's time is over: what is left is deleted behind it.
import type { DeletableTopic } from '@millrace/machines'
import { deleteTopics as decide } from '@millrace/machines'
import type { DeleteTopicsRequest, ErrorName } from '@millrace/protocol'
import { deleteTopicsApi, errorCode, zeroUuid } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

const askedTopics = ({ topics, topicNames }: DeleteTopicsRequest): DeletableTopic[] => [
  ...topics,
  ...topicNames.map((name) => ({ name, topicId: zeroUuid })),
]

export const deleteTopics = defineHandler(deleteTopicsApi, {
  access: (request) =>
    askedTopics(request).flatMap(({ name }) => (name === null ? [] : [need('DELETE', 'TOPIC', name)])),
  handle: async (request, context) => {
    const { services, apiVersion, clock } = context
    const untilMs = clock.monotonicMs() + request.timeoutMs
    const asked = askedTopics(request)
    if (!services.settings.boolean('delete.topic.enable')) {
      return failed(request, apiVersion < 3 ? 'INVALID_REQUEST' : 'TOPIC_DELETION_DISABLED', null)
    }
    const responses = await services.controller.decide(asked, (view, topics) =>
      decide(view, { topics: [...topics], topicNames: [] }),
    )
    const names = responses.flatMap(({ name, errorCode: error }) => (error === 0 && name !== null ? [name] : []))
    await services.partitions.deleted(names, untilMs)
    return { throttleTimeMs: 0, responses }
  },
  failure: (request, error, message) => failed(request, error, message),
})

const failed = (request: DeleteTopicsRequest, error: ErrorName, errorMessage: string | null) => ({
  throttleTimeMs: 0,
  responses: askedTopics(request).map(({ name, topicId }) => ({
    name,
    topicId,
    errorCode: errorCode(error),
    errorMessage,
  })),
})
