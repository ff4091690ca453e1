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

export interface ShareGroupDescribeRequest extends Decoded<typeof shareGroupDescribeRequest> {}
export interface ShareGroupDescribeRequestInput extends Input<typeof shareGroupDescribeRequest> {}
export interface ShareGroupDescribeResponse extends Decoded<typeof shareGroupDescribeResponse> {}
export interface ShareGroupDescribeResponseInput extends Input<typeof shareGroupDescribeResponse> {}

export const shareGroupDescribeApi: Api<
  ShareGroupDescribeRequest,
  ShareGroupDescribeResponse,
  ShareGroupDescribeRequestInput,
  ShareGroupDescribeResponseInput
> = api(77, 'ShareGroupDescribe', shareGroupDescribeRequest, shareGroupDescribeResponse)
