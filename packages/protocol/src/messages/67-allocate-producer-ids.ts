import { type Api, type Decoded, type Input, api, int16, int32, int64, request, response } from '../schema/index.ts'

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

export interface AllocateProducerIdsRequest extends Decoded<typeof allocateProducerIdsRequest> {}
export interface AllocateProducerIdsRequestInput extends Input<typeof allocateProducerIdsRequest> {}
export interface AllocateProducerIdsResponse extends Decoded<typeof allocateProducerIdsResponse> {}
export interface AllocateProducerIdsResponseInput extends Input<typeof allocateProducerIdsResponse> {}

export const allocateProducerIdsApi: Api<
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
  AllocateProducerIdsRequestInput,
  AllocateProducerIdsResponseInput
> = api(67, 'AllocateProducerIds', allocateProducerIdsRequest, allocateProducerIdsResponse)
