import { type Decoded, type Input, api, int16, int32, request, response, string } from '../schema/index.ts'

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

export const heartbeatApi = api(12, 'Heartbeat', heartbeatRequest, heartbeatResponse)

export type HeartbeatRequest = Decoded<typeof heartbeatRequest>
export type HeartbeatRequestInput = Input<typeof heartbeatRequest>
export type HeartbeatResponse = Decoded<typeof heartbeatResponse>
export type HeartbeatResponseInput = Input<typeof heartbeatResponse>
