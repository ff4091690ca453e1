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

export const consumerGroupHeartbeatRequest = request(
  'ConsumerGroupHeartbeat',
  { versions: '0-1', flexible: '0+' },
  {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    instanceId: string({ nullable: '0+', default: null }),
    rackId: string({ nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    subscribedTopicNames: array(string(), { nullable: '0+', default: null }),
    subscribedTopicRegex: string({ versions: '1+', nullable: '1+', default: null }),
    serverAssignor: string({ nullable: '0+', default: null }),
    topicPartitions: array(
      {
        topicId: uuid(),
        partitions: array(int32()),
      },
      { nullable: '0+', default: null },
    ),
  },
)

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
}

export const consumerGroupHeartbeatResponse = response(
  'ConsumerGroupHeartbeat',
  { versions: '0-1', flexible: '0+' },
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

export interface ConsumerGroupHeartbeatRequest extends Decoded<typeof consumerGroupHeartbeatRequest> {}
export interface ConsumerGroupHeartbeatRequestInput extends Input<typeof consumerGroupHeartbeatRequest> {}
export interface ConsumerGroupHeartbeatResponse extends Decoded<typeof consumerGroupHeartbeatResponse> {}
export interface ConsumerGroupHeartbeatResponseInput extends Input<typeof consumerGroupHeartbeatResponse> {}

export const consumerGroupHeartbeatApi: Api<
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
  ConsumerGroupHeartbeatRequestInput,
  ConsumerGroupHeartbeatResponseInput
> = api(68, 'ConsumerGroupHeartbeat', consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse)
