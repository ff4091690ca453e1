import { type Decoded, type Input, api, int16, int32, int64, request, response } from '../schema/index.ts'

export const allocateProducerIdsRequest = request(
  'AllocateProducerIds',
  { versions: '0', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
  },
)

export const allocateProducerIdsResponse = response(
  'AllocateProducerIds',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    producerIdStart: int64(),
    producerIdLen: int32(),
  },
)

export const allocateProducerIdsApi = api(
  67,
  'AllocateProducerIds',
  allocateProducerIdsRequest,
  allocateProducerIdsResponse,
)

export type AllocateProducerIdsRequest = Decoded<typeof allocateProducerIdsRequest>
export type AllocateProducerIdsRequestInput = Input<typeof allocateProducerIdsRequest>
export type AllocateProducerIdsResponse = Decoded<typeof allocateProducerIdsResponse>
export type AllocateProducerIdsResponseInput = Input<typeof allocateProducerIdsResponse>
