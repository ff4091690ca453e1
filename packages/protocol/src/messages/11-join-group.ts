import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  bytes,
  int16,
  int32,
  request,
  response,
  string,
} from '../schema/index.ts'

export const joinGroupRequest = request(
  'JoinGroup',
  { versions: '0-9', flexible: '6+' },
  {
    groupId: string(),
    sessionTimeoutMs: int32(),
    rebalanceTimeoutMs: int32({ versions: '1+', default: -1, ignorable: true }),
    memberId: string(),
    groupInstanceId: string({ versions: '5+', nullable: '5+', default: null }),
    protocolType: string(),
    protocols: array({
      name: string(),
      metadata: bytes(),
    }),
    reason: string({ versions: '8+', nullable: '8+', default: null, ignorable: true }),
  },
)

export const joinGroupResponse = response(
  'JoinGroup',
  { versions: '0-9', flexible: '6+' },
  {
    throttleTimeMs: int32({ versions: '2+', default: 0, ignorable: true }),
    errorCode: int16(),
    generationId: int32({ default: -1 }),
    protocolType: string({ versions: '7+', nullable: '7+', default: null, ignorable: true }),
    protocolName: string({ nullable: '7+' }),
    leader: string(),
    skipAssignment: bool({ versions: '9+', default: false }),
    memberId: string(),
    members: array({
      memberId: string(),
      groupInstanceId: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
      metadata: bytes(),
    }),
  },
)

export interface JoinGroupRequest extends Decoded<typeof joinGroupRequest> {}
export interface JoinGroupRequestInput extends Input<typeof joinGroupRequest> {}
export interface JoinGroupResponse extends Decoded<typeof joinGroupResponse> {}
export interface JoinGroupResponseInput extends Input<typeof joinGroupResponse> {}

export const joinGroupApi: Api<JoinGroupRequest, JoinGroupResponse, JoinGroupRequestInput, JoinGroupResponseInput> =
  api(11, 'JoinGroup', joinGroupRequest, joinGroupResponse)
