import {
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

export const shareGroupDescribeRequest = request(
  'ShareGroupDescribe',
  { versions: '1', flexible: '0+' },
  {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
)

const topicPartitions = {
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
}

const assignment = {
  topicPartitions: array(topicPartitions),
}

export const shareGroupDescribeResponse = response(
  'ShareGroupDescribe',
  { versions: '1', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
      groupId: string(),
      groupState: string(),
      groupEpoch: int32(),
      assignmentEpoch: int32(),
      assignorName: string(),
      members: array({
        memberId: string(),
        rackId: string({ nullable: '0+', default: null }),
        memberEpoch: int32(),
        clientId: string(),
        clientHost: string(),
        subscribedTopicNames: array(string()),
        assignment: struct(assignment),
      }),
      authorizedOperations: int32({ default: -2147483648 }),
    }),
  },
)

export const shareGroupDescribeApi = api(
  77,
  'ShareGroupDescribe',
  shareGroupDescribeRequest,
  shareGroupDescribeResponse,
)

export type ShareGroupDescribeRequest = Decoded<typeof shareGroupDescribeRequest>
export type ShareGroupDescribeRequestInput = Input<typeof shareGroupDescribeRequest>
export type ShareGroupDescribeResponse = Decoded<typeof shareGroupDescribeResponse>
export type ShareGroupDescribeResponseInput = Input<typeof shareGroupDescribeResponse>
