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
} from '../schema/index.ts'

export const deleteRecordsRequest = request(
  'DeleteRecords',
  { versions: '0-2', flexible: '2+' },
  {
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        offset: int64(),
      }),
    }),
    timeoutMs: int32(),
  },
)

export const deleteRecordsResponse = response(
  'DeleteRecords',
  { versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        lowWatermark: int64(),
        errorCode: int16(),
      }),
    }),
  },
)

export interface DeleteRecordsRequest extends Decoded<typeof deleteRecordsRequest> {}
export interface DeleteRecordsRequestInput extends Input<typeof deleteRecordsRequest> {}
export interface DeleteRecordsResponse extends Decoded<typeof deleteRecordsResponse> {}
export interface DeleteRecordsResponseInput extends Input<typeof deleteRecordsResponse> {}

export const deleteRecordsApi: Api<
  DeleteRecordsRequest,
  DeleteRecordsResponse,
  DeleteRecordsRequestInput,
  DeleteRecordsResponseInput
> = api(21, 'DeleteRecords', deleteRecordsRequest, deleteRecordsResponse)
