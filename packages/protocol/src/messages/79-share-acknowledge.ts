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
  struct,
  uuid,
} from '../schema/index.ts'

export const shareAcknowledgeRequest = request(
  'ShareAcknowledge',
  { versions: '1-2', flexible: '0+' },
  {
    groupId: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+' }),
    shareSessionEpoch: int32(),
    isRenewAck: bool({ versions: '2+', default: false }),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        acknowledgementBatches: array({
          firstOffset: int64(),
          lastOffset: int64(),
          acknowledgeTypes: array(int8()),
        }),
      }),
    }),
  },
)

export const shareAcknowledgeResponse = response(
  'ShareAcknowledge',
  { versions: '1-2', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32({ versions: '2+', ignorable: true }),
    responses: array({
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        currentLeader: struct({
          leaderId: int32(),
          leaderEpoch: int32(),
        }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: string({ nullable: '0+', default: null }),
    }),
  },
)

export interface ShareAcknowledgeRequest extends Decoded<typeof shareAcknowledgeRequest> {}
export interface ShareAcknowledgeRequestInput extends Input<typeof shareAcknowledgeRequest> {}
export interface ShareAcknowledgeResponse extends Decoded<typeof shareAcknowledgeResponse> {}
export interface ShareAcknowledgeResponseInput extends Input<typeof shareAcknowledgeResponse> {}

export const shareAcknowledgeApi: Api<
  ShareAcknowledgeRequest,
  ShareAcknowledgeResponse,
  ShareAcknowledgeRequestInput,
  ShareAcknowledgeResponseInput
> = api(79, 'ShareAcknowledge', shareAcknowledgeRequest, shareAcknowledgeResponse)
