import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  request,
  response,
  string,
  struct,
  uuid,
} from '../schema/index.ts'

export const describeTopicPartitionsRequest = request(
  'DescribeTopicPartitions',
  { versions: '0', flexible: '0+' },
  {
    topics: array({
      name: string(),
    }),
    responsePartitionLimit: int32({ default: 2000 }),
    cursor: struct(
      {
        topicName: string(),
        partitionIndex: int32(),
      },
      { nullable: '0+', default: null },
    ),
  },
)

export const describeTopicPartitionsResponse = response(
  'DescribeTopicPartitions',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array({
      errorCode: int16(),
      name: string({ nullable: '0+' }),
      topicId: uuid({ ignorable: true }),
      isInternal: bool({ default: false, ignorable: true }),
      partitions: array({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32({ default: -1, ignorable: true }),
        replicaNodes: array(int32()),
        isrNodes: array(int32()),
        eligibleLeaderReplicas: array(int32(), { nullable: '0+', default: null }),
        lastKnownElr: array(int32(), { nullable: '0+', default: null }),
        offlineReplicas: array(int32(), { ignorable: true }),
      }),
      topicAuthorizedOperations: int32({ default: -2147483648 }),
    }),
    nextCursor: struct(
      {
        topicName: string(),
        partitionIndex: int32(),
      },
      { nullable: '0+', default: null },
    ),
  },
)

export interface DescribeTopicPartitionsRequest extends Decoded<typeof describeTopicPartitionsRequest> {}
export interface DescribeTopicPartitionsRequestInput extends Input<typeof describeTopicPartitionsRequest> {}
export interface DescribeTopicPartitionsResponse extends Decoded<typeof describeTopicPartitionsResponse> {}
export interface DescribeTopicPartitionsResponseInput extends Input<typeof describeTopicPartitionsResponse> {}

export const describeTopicPartitionsApi: Api<
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
  DescribeTopicPartitionsRequestInput,
  DescribeTopicPartitionsResponseInput
> = api(75, 'DescribeTopicPartitions', describeTopicPartitionsRequest, describeTopicPartitionsResponse)
