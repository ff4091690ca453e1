import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  millis,
  request,
  response,
  string,
  uuid,
} from '../schema/index.ts'

export const offsetCommitRequest = request(
  'OffsetCommit',
  { versions: '2-10', flexible: '8+' },
  {
    groupId: string(),
    generationIdOrMemberEpoch: int32({ default: -1, ignorable: true }),
    memberId: string({ ignorable: true }),
    groupInstanceId: string({ versions: '7+', nullable: '7+', default: null }),
    retentionTimeMs: millis({ versions: '2-4', default: -1, ignorable: true }),
    topics: array({
      name: string({ versions: '0-9', ignorable: true }),
      topicId: uuid({ versions: '10+', ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ versions: '6+', default: -1, ignorable: true }),
        committedMetadata: string({ nullable: '0+' }),
      }),
    }),
  },
)

export const offsetCommitResponse = response(
  'OffsetCommit',
  { versions: '2-10', flexible: '8+' },
  {
    throttleTimeMs: int32({ versions: '3+', default: 0, ignorable: true }),
    topics: array({
      name: string({ versions: '0-9', ignorable: true }),
      topicId: uuid({ versions: '10+', ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
)

export interface OffsetCommitRequest extends Decoded<typeof offsetCommitRequest> {}
export interface OffsetCommitRequestInput extends Input<typeof offsetCommitRequest> {}
export interface OffsetCommitResponse extends Decoded<typeof offsetCommitResponse> {}
export interface OffsetCommitResponseInput extends Input<typeof offsetCommitResponse> {}

export const offsetCommitApi: Api<
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetCommitRequestInput,
  OffsetCommitResponseInput
> = api(8, 'OffsetCommit', offsetCommitRequest, offsetCommitResponse)
