import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bytes,
  int16,
  int32,
  request,
  response,
  string,
} from '../schema/index.ts'

export const syncGroupRequest = request(
  'SyncGroup',
  { versions: '0-5', flexible: '4+' },
  {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
    protocolType: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
    protocolName: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
    assignments: array({
      memberId: string(),
      assignment: bytes(),
    }),
  },
)

export const syncGroupResponse = response(
  'SyncGroup',
  { versions: '0-5', flexible: '4+' },
  {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    errorCode: int16(),
    protocolType: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
    protocolName: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
    assignment: bytes(),
  },
)

export interface SyncGroupRequest extends Decoded<typeof syncGroupRequest> {}
export interface SyncGroupRequestInput extends Input<typeof syncGroupRequest> {}
export interface SyncGroupResponse extends Decoded<typeof syncGroupResponse> {}
export interface SyncGroupResponseInput extends Input<typeof syncGroupResponse> {}

export const syncGroupApi: Api<SyncGroupRequest, SyncGroupResponse, SyncGroupRequestInput, SyncGroupResponseInput> =
  api(14, 'SyncGroup', syncGroupRequest, syncGroupResponse)
