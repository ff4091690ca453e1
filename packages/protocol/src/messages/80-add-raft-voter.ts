import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  request,
  response,
  string,
  uint16,
  uuid,
} from '../schema/index.ts'

export const addRaftVoterRequest = request(
  'AddRaftVoter',
  { versions: '0-1', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+' }),
    timeoutMs: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array({
      name: string(),
      host: string(),
      port: uint16(),
    }),
    ackWhenCommitted: bool({ versions: '1+', default: true }),
  },
)

export const addRaftVoterResponse = response(
  'AddRaftVoter',
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
)

export interface AddRaftVoterRequest extends Decoded<typeof addRaftVoterRequest> {}
export interface AddRaftVoterRequestInput extends Input<typeof addRaftVoterRequest> {}
export interface AddRaftVoterResponse extends Decoded<typeof addRaftVoterResponse> {}
export interface AddRaftVoterResponseInput extends Input<typeof addRaftVoterResponse> {}

export const addRaftVoterApi: Api<
  AddRaftVoterRequest,
  AddRaftVoterResponse,
  AddRaftVoterRequestInput,
  AddRaftVoterResponseInput
> = api(80, 'AddRaftVoter', addRaftVoterRequest, addRaftVoterResponse)
