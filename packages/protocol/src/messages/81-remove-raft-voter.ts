import { type Decoded, type Input, api, int16, int32, request, response, string, uuid } from '../schema/index.ts'

export const removeRaftVoterRequest = request(
  'RemoveRaftVoter',
  { versions: '0', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+' }),
    voterId: int32(),
    voterDirectoryId: uuid(),
  },
)

export const removeRaftVoterResponse = response(
  'RemoveRaftVoter',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
)

export const removeRaftVoterApi = api(81, 'RemoveRaftVoter', removeRaftVoterRequest, removeRaftVoterResponse)

export type RemoveRaftVoterRequest = Decoded<typeof removeRaftVoterRequest>
export type RemoveRaftVoterRequestInput = Input<typeof removeRaftVoterRequest>
export type RemoveRaftVoterResponse = Decoded<typeof removeRaftVoterResponse>
export type RemoveRaftVoterResponseInput = Input<typeof removeRaftVoterResponse>
