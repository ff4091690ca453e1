import { type Decoded, type Input, array, bytes, int32, message, millis, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const groupMetadataKey = message(
  'GroupMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    group: string(),
  },
)

const memberMetadata = {
  memberId: string(),
  groupInstanceId: string({ versions: '3+', nullable: '3+', default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32({ versions: '1+', default: -1, ignorable: true }),
  sessionTimeout: int32(),
  subscription: bytes(),
  assignment: bytes(),
}

export const groupMetadataValue = message(
  'GroupMetadataValue',
  { versions: '0-4', flexible: '4+' },
  {
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullable: '0+' }),
    leader: string({ nullable: '0+' }),
    currentStateTimestamp: millis({ versions: '2+', default: -1, ignorable: true }),
    members: array(memberMetadata),
  },
)

export const groupMetadataRecord = coordinatorRecord(2, 'GroupMetadata', groupMetadataKey, groupMetadataValue)

export type GroupMetadataKey = Decoded<typeof groupMetadataKey>
export type GroupMetadataKeyInput = Input<typeof groupMetadataKey>
export type GroupMetadataValue = Decoded<typeof groupMetadataValue>
export type GroupMetadataValueInput = Input<typeof groupMetadataValue>
