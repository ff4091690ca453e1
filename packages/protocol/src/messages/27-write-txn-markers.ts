import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  request,
  response,
  string,
} from '../schema/index.ts'

export const writeTxnMarkersRequest = request(
  'WriteTxnMarkers',
  { versions: '1-2', flexible: '1+' },
  {
    markers: array({
      producerId: int64(),
      producerEpoch: int16(),
      transactionResult: bool(),
      topics: array({
        name: string(),
        partitionIndexes: array(int32()),
      }),
      coordinatorEpoch: int32(),
      transactionVersion: int8({ versions: '2+', default: 0, ignorable: true }),
    }),
  },
)

export const writeTxnMarkersResponse = response(
  'WriteTxnMarkers',
  { versions: '1-2', flexible: '1+' },
  {
    markers: array({
      producerId: int64(),
      topics: array({
        name: string(),
        partitions: array({
          partitionIndex: int32(),
          errorCode: int16(),
        }),
      }),
    }),
  },
)

export interface WriteTxnMarkersRequest extends Decoded<typeof writeTxnMarkersRequest> {}
export interface WriteTxnMarkersRequestInput extends Input<typeof writeTxnMarkersRequest> {}
export interface WriteTxnMarkersResponse extends Decoded<typeof writeTxnMarkersResponse> {}
export interface WriteTxnMarkersResponseInput extends Input<typeof writeTxnMarkersResponse> {}

export const writeTxnMarkersApi: Api<
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
  WriteTxnMarkersRequestInput,
  WriteTxnMarkersResponseInput
> = api(27, 'WriteTxnMarkers', writeTxnMarkersRequest, writeTxnMarkersResponse)
