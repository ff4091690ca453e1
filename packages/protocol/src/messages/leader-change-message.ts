import { type Decoded, type Input, array, int16, int32, message, uuid } from '../schema/index.ts'

const voter = {
  voterId: int32(),
  voterDirectoryId: uuid({ versions: '1+' }),
}

export const leaderChangeMessage = message(
  'LeaderChangeMessage',
  { versions: '0-1', flexible: '0+' },
  {
    version: int16(),
    leaderId: int32(),
    voters: array(voter),
    grantingVoters: array(voter),
  },
)

export interface LeaderChangeMessage extends Decoded<typeof leaderChangeMessage> {}
export interface LeaderChangeMessageInput extends Input<typeof leaderChangeMessage> {}
