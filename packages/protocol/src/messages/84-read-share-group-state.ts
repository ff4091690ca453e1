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

export const readShareGroupStateRequest = request(
  'ReadShareGroupState',
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        leaderEpoch: int32(),
      }),
    }),
  },
)

export const readShareGroupStateResponse = response(
  'ReadShareGroupState',
  { versions: '0', flexible: '0+' },
  {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        stateEpoch: int32(),
        startOffset: int64(),
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

export interface ReadShareGroupStateRequest extends Decoded<typeof readShareGroupStateRequest> {}
export interface ReadShareGroupStateRequestInput extends Input<typeof readShareGroupStateRequest> {}
export interface ReadShareGroupStateResponse extends Decoded<typeof readShareGroupStateResponse> {}
export interface ReadShareGroupStateResponseInput extends Input<typeof readShareGroupStateResponse> {}

export const readShareGroupStateApi: Api<
  ReadShareGroupStateRequest,
  ReadShareGroupStateResponse,
  ReadShareGroupStateRequestInput,
  ReadShareGroupStateResponseInput
> = api(84, 'ReadShareGroupState', readShareGroupStateRequest, readShareGroupStateResponse)
