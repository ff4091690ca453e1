import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  request,
  response,
  string,
  struct,
  uuid,
} from '../schema/index.ts'

export const shareGroupHeartbeatRequest = request(
  'ShareGroupHeartbeat',
  { versions: '1', flexible: '0+' },
  {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    rackId: string({ nullable: '0+', default: null }),
    subscribedTopicNames: array(string(), { nullable: '0+', default: null }),
  },
)

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
}

export const shareGroupHeartbeatResponse = response(
  'ShareGroupHeartbeat',
  { versions: '1', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+', default: null }),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    assignment: struct(
      {
        topicPartitions: array(topicPartitions),
      },
      { nullable: '0+', default: null },
    ),
  },
)

export interface ShareGroupHeartbeatRequest extends Decoded<typeof shareGroupHeartbeatRequest> {}
export interface ShareGroupHeartbeatRequestInput extends Input<typeof shareGroupHeartbeatRequest> {}
export interface ShareGroupHeartbeatResponse extends Decoded<typeof shareGroupHeartbeatResponse> {}
export interface ShareGroupHeartbeatResponseInput extends Input<typeof shareGroupHeartbeatResponse> {}

export const shareGroupHeartbeatApi: Api<
  ShareGroupHeartbeatRequest,
  ShareGroupHeartbeatResponse,
  ShareGroupHeartbeatRequestInput,
  ShareGroupHeartbeatResponseInput
> = api(76, 'ShareGroupHeartbeat', shareGroupHeartbeatRequest, shareGroupHeartbeatResponse)
