import { type Decoded, type Input, array, int16, int32, int64, int8, message, string, uuid } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const shareUpdateKey = message(
  'ShareUpdateKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    topicId: uuid(),
    partition: int32(),
  },
)

export const shareUpdateValue = message(
  'ShareUpdateValue',
  { versions: '0', flexible: '0+' },
  {
    snapshotEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ default: -1, tag: 0 }),
    stateBatches: array({
      firstOffset: int64(),
      lastOffset: int64(),
      deliveryState: int8(),
      deliveryCount: int16(),
    }),
  },
)

export interface ShareUpdateKey extends Decoded<typeof shareUpdateKey> {}
export interface ShareUpdateKeyInput extends Input<typeof shareUpdateKey> {}
export interface ShareUpdateValue extends Decoded<typeof shareUpdateValue> {}
export interface ShareUpdateValueInput extends Input<typeof shareUpdateValue> {}

export const shareUpdateRecord: CoordinatorRecord<
  ShareUpdateKey,
  ShareUpdateValue,
  ShareUpdateKeyInput,
  ShareUpdateValueInput
> = coordinatorRecord(1, 'ShareUpdate', shareUpdateKey, shareUpdateValue)
