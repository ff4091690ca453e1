import { type Decoded, type Input, array, int16, int32, int64, int8, message, string, uuid } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const shareUpdateRecord = coordinatorRecord(1, 'ShareUpdate', shareUpdateKey, shareUpdateValue)

export type ShareUpdateKey = Decoded<typeof shareUpdateKey>
export type ShareUpdateKeyInput = Input<typeof shareUpdateKey>
export type ShareUpdateValue = Decoded<typeof shareUpdateValue>
export type ShareUpdateValueInput = Input<typeof shareUpdateValue>
