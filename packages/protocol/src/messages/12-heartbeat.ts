import { type Api, type Decoded, type Input, api, int16, int32, request, response, string } from '../schema/index.ts'

export const heartbeatRequest = request(
  'Heartbeat',
  { versions: '0-4', flexible: '4+' },
  {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
  },
)

export const heartbeatResponse = response(
  'Heartbeat',
  { versions: '0-4', flexible: '4+' },
  {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    errorCode: int16(),
  },
)

export interface HeartbeatRequest extends Decoded<typeof heartbeatRequest> {}
export interface HeartbeatRequestInput extends Input<typeof heartbeatRequest> {}
export interface HeartbeatResponse extends Decoded<typeof heartbeatResponse> {}
export interface HeartbeatResponseInput extends Input<typeof heartbeatResponse> {}

export const heartbeatApi: Api<HeartbeatRequest, HeartbeatResponse, HeartbeatRequestInput, HeartbeatResponseInput> =
  api(12, 'Heartbeat', heartbeatRequest, heartbeatResponse)
