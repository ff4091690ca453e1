import { type Decoded, type Input, array, bytes, int32, message, millis, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

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

export interface GroupMetadataKey extends Decoded<typeof groupMetadataKey> {}
export interface GroupMetadataKeyInput extends Input<typeof groupMetadataKey> {}
export interface GroupMetadataValue extends Decoded<typeof groupMetadataValue> {}
export interface GroupMetadataValueInput extends Input<typeof groupMetadataValue> {}

export const groupMetadataRecord: CoordinatorRecord<
  GroupMetadataKey,
  GroupMetadataValue,
  GroupMetadataKeyInput,
  GroupMetadataValueInput
> = coordinatorRecord(2, 'GroupMetadata', groupMetadataKey, groupMetadataValue)
