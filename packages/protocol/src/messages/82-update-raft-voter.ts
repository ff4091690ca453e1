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
  uint16,
  uuid,
} from '../schema/index.ts'

export const updateRaftVoterRequest = request(
  'UpdateRaftVoter',
  { versions: '0', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+' }),
    currentLeaderEpoch: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array({
      name: string(),
      host: string(),
      port: uint16(),
    }),
    kRaftVersionFeature: struct({
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
  },
)

export const updateRaftVoterResponse = response(
  'UpdateRaftVoter',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    currentLeader: struct(
      {
        leaderId: int32({ default: -1 }),
        leaderEpoch: int32({ default: -1 }),
        host: string(),
        port: int32(),
      },
      { tag: 0 },
    ),
  },
)

export interface UpdateRaftVoterRequest extends Decoded<typeof updateRaftVoterRequest> {}
export interface UpdateRaftVoterRequestInput extends Input<typeof updateRaftVoterRequest> {}
export interface UpdateRaftVoterResponse extends Decoded<typeof updateRaftVoterResponse> {}
export interface UpdateRaftVoterResponseInput extends Input<typeof updateRaftVoterResponse> {}

export const updateRaftVoterApi: Api<
  UpdateRaftVoterRequest,
  UpdateRaftVoterResponse,
  UpdateRaftVoterRequestInput,
  UpdateRaftVoterResponseInput
> = api(82, 'UpdateRaftVoter', updateRaftVoterRequest, updateRaftVoterResponse)
