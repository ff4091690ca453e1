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
} from '../schema/index.ts'

export const leaveGroupRequest = request(
  'LeaveGroup',
  { versions: '0-5', flexible: '4+' },
  {
    groupId: string(),
    memberId: string({ versions: '0-2' }),
    members: array(
      {
        memberId: string(),
        groupInstanceId: string({ nullable: '3+', default: null }),
        reason: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
      },
      { versions: '3+' },
    ),
  },
)

export const leaveGroupResponse = response(
  'LeaveGroup',
  { versions: '0-5', flexible: '4+' },
  {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    errorCode: int16(),
    members: array(
      {
        memberId: string(),
        groupInstanceId: string({ nullable: '3+' }),
        errorCode: int16(),
      },
      { versions: '3+' },
    ),
  },
)

export interface LeaveGroupRequest extends Decoded<typeof leaveGroupRequest> {}
export interface LeaveGroupRequestInput extends Input<typeof leaveGroupRequest> {}
export interface LeaveGroupResponse extends Decoded<typeof leaveGroupResponse> {}
export interface LeaveGroupResponseInput extends Input<typeof leaveGroupResponse> {}

export const leaveGroupApi: Api<
  LeaveGroupRequest,
  LeaveGroupResponse,
  LeaveGroupRequestInput,
  LeaveGroupResponseInput
> = api(13, 'LeaveGroup', leaveGroupRequest, leaveGroupResponse)
