import {
  type Api,
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

export interface ReadShareGroupStateSummaryRequest extends Decoded<typeof readShareGroupStateSummaryRequest> {}
export interface ReadShareGroupStateSummaryRequestInput extends Input<typeof readShareGroupStateSummaryRequest> {}
export interface ReadShareGroupStateSummaryResponse extends Decoded<typeof readShareGroupStateSummaryResponse> {}
export interface ReadShareGroupStateSummaryResponseInput extends Input<typeof readShareGroupStateSummaryResponse> {}

export const readShareGroupStateSummaryApi: Api<
  ReadShareGroupStateSummaryRequest,
  ReadShareGroupStateSummaryResponse,
  ReadShareGroupStateSummaryRequestInput,
  ReadShareGroupStateSummaryResponseInput
> = api(87, 'ReadShareGroupStateSummary', readShareGroupStateSummaryRequest, readShareGroupStateSummaryResponse)
