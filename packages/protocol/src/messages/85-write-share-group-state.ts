import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  int8,
  request,
  response,
  string,
  uuid,
} from '../schema/index.ts'

export const writeShareGroupStateRequest = request(
  'WriteShareGroupState',
  { versions: '0-1', flexible: '0+' },
  {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32({ versions: '1+', default: -1, ignorable: true }),
        stateBatches: array({
          firstOffset: int64(),
          lastOffset: int64(),
          deliveryState: int8(),
          deliveryCount: int16(),
        }),
      }),
    }),
  },
)

export const writeShareGroupStateResponse = response(
  'WriteShareGroupState',
  { versions: '0-1', flexible: '0+' },
  {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    }),
  },
)

export interface WriteShareGroupStateRequest extends Decoded<typeof writeShareGroupStateRequest> {}
export interface WriteShareGroupStateRequestInput extends Input<typeof writeShareGroupStateRequest> {}
export interface WriteShareGroupStateResponse extends Decoded<typeof writeShareGroupStateResponse> {}
export interface WriteShareGroupStateResponseInput extends Input<typeof writeShareGroupStateResponse> {}

export const writeShareGroupStateApi: Api<
  WriteShareGroupStateRequest,
  WriteShareGroupStateResponse,
  WriteShareGroupStateRequestInput,
  WriteShareGroupStateResponseInput
> = api(85, 'WriteShareGroupState', writeShareGroupStateRequest, writeShareGroupStateResponse)
