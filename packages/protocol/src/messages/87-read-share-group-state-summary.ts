import {
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  request,
  response,
  string,
  uuid,
} from '../schema/index.ts'

export const readShareGroupStateSummaryRequest = request(
  'ReadShareGroupStateSummary',
  { versions: '0-1', flexible: '0+' },
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

export const readShareGroupStateSummaryResponse = response(
  'ReadShareGroupStateSummary',
  { versions: '0-1', flexible: '0+' },
  {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32({ versions: '1+', default: -1, ignorable: true }),
      }),
    }),
  },
)

export const readShareGroupStateSummaryApi = api(
  87,
  'ReadShareGroupStateSummary',
  readShareGroupStateSummaryRequest,
  readShareGroupStateSummaryResponse,
)

export type ReadShareGroupStateSummaryRequest = Decoded<typeof readShareGroupStateSummaryRequest>
export type ReadShareGroupStateSummaryRequestInput = Input<typeof readShareGroupStateSummaryRequest>
export type ReadShareGroupStateSummaryResponse = Decoded<typeof readShareGroupStateSummaryResponse>
export type ReadShareGroupStateSummaryResponseInput = Input<typeof readShareGroupStateSummaryResponse>
