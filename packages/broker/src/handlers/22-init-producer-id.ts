// InitProducerId v0-5: an id for an idempotent producer. Transactions aren't there yet: who names a transactional id is
// refused for good, so that no client waits for a coordinator that won't come.
import type { ErrorName } from '@millrace/protocol'
import { errorCode, initProducerIdApi } from '@millrace/protocol'
import { defineHandler, need } from '../dispatch/handler.ts'

export const initProducerId = defineHandler(initProducerIdApi, {
  advertised: { min: 0, max: 5 },
  access: ({ transactionalId }) =>
    transactionalId === null
      ? [need('IDEMPOTENT_WRITE', 'CLUSTER', 'kafka-cluster')]
      : [need('WRITE', 'TRANSACTIONAL_ID', transactionalId)],
  handle: async ({ transactionalId, producerId, producerEpoch }, { services }) => {
    const isHalfKnown = (producerId === -1) !== (producerEpoch === -1)
    if (transactionalId !== null || isHalfKnown) return failed('INVALID_REQUEST')
    return { ...failed('NONE'), producerId: await services.producerIds.next(), producerEpoch: 0 }
  },
  failure: (_request, error) => failed(error),
})

const failed = (error: ErrorName) => ({
  throttleTimeMs: 0,
  errorCode: errorCode(error),
  producerId: -1,
  producerEpoch: -1,
})
