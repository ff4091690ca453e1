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
  millis,
  request,
  response,
  string,
} from '../schema/index.ts'

export const listOffsetsRequest = request(
  'ListOffsets',
  { versions: '1-11', flexible: '6+' },
  {
    replicaId: int32(),
    isolationLevel: int8({ versions: '2+' }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        currentLeaderEpoch: int32({ versions: '4+', default: -1, ignorable: true }),
        timestamp: millis(),
      }),
    }),
    timeoutMs: int32({ versions: '10+', ignorable: true }),
  },
)

export const listOffsetsResponse = response(
  'ListOffsets',
  { versions: '1-11', flexible: '6+' },
  {
    throttleTimeMs: int32({ versions: '2+', default: 0, ignorable: true }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        timestamp: millis({ default: -1 }),
        offset: int64({ default: -1 }),
        leaderEpoch: int32({ versions: '4+', default: -1 }),
      }),
    }),
  },
)

export interface ListOffsetsRequest extends Decoded<typeof listOffsetsRequest> {}
export interface ListOffsetsRequestInput extends Input<typeof listOffsetsRequest> {}
export interface ListOffsetsResponse extends Decoded<typeof listOffsetsResponse> {}
export interface ListOffsetsResponseInput extends Input<typeof listOffsetsResponse> {}

export const listOffsetsApi: Api<
  ListOffsetsRequest,
  ListOffsetsResponse,
  ListOffsetsRequestInput,
  ListOffsetsResponseInput
> = api(2, 'ListOffsets', listOffsetsRequest, listOffsetsResponse)
