import {
  type Api,
  type Decoded,
  type Input,
  api,
  int16,
  int32,
  request,
  response,
  string,
  uuid,
} from '../schema/index.ts'

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

export interface RemoveRaftVoterRequest extends Decoded<typeof removeRaftVoterRequest> {}
export interface RemoveRaftVoterRequestInput extends Input<typeof removeRaftVoterRequest> {}
export interface RemoveRaftVoterResponse extends Decoded<typeof removeRaftVoterResponse> {}
export interface RemoveRaftVoterResponseInput extends Input<typeof removeRaftVoterResponse> {}

export const removeRaftVoterApi: Api<
  RemoveRaftVoterRequest,
  RemoveRaftVoterResponse,
  RemoveRaftVoterRequestInput,
  RemoveRaftVoterResponseInput
> = api(81, 'RemoveRaftVoter', removeRaftVoterRequest, removeRaftVoterResponse)
