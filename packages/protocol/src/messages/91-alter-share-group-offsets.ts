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

export const alterShareGroupOffsetsRequest = request(
  'AlterShareGroupOffsets',
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        startOffset: int64(),
      }),
    }),
  },
)

export const alterShareGroupOffsetsResponse = response(
  'AlterShareGroupOffsets',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array({
      topicName: string(),
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    }),
  },
)

export interface AlterShareGroupOffsetsRequest extends Decoded<typeof alterShareGroupOffsetsRequest> {}
export interface AlterShareGroupOffsetsRequestInput extends Input<typeof alterShareGroupOffsetsRequest> {}
export interface AlterShareGroupOffsetsResponse extends Decoded<typeof alterShareGroupOffsetsResponse> {}
export interface AlterShareGroupOffsetsResponseInput extends Input<typeof alterShareGroupOffsetsResponse> {}

export const alterShareGroupOffsetsApi: Api<
  AlterShareGroupOffsetsRequest,
  AlterShareGroupOffsetsResponse,
  AlterShareGroupOffsetsRequestInput,
  AlterShareGroupOffsetsResponseInput
> = api(91, 'AlterShareGroupOffsets', alterShareGroupOffsetsRequest, alterShareGroupOffsetsResponse)
