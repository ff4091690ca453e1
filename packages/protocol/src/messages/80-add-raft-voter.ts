import {
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

export const addRaftVoterApi = api(80, 'AddRaftVoter', addRaftVoterRequest, addRaftVoterResponse)

export type AddRaftVoterRequest = Decoded<typeof addRaftVoterRequest>
export type AddRaftVoterRequestInput = Input<typeof addRaftVoterRequest>
export type AddRaftVoterResponse = Decoded<typeof addRaftVoterResponse>
export type AddRaftVoterResponseInput = Input<typeof addRaftVoterResponse>
