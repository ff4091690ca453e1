import { type Decoded, type Input, array, int64, message, millis, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const consumerGroupRegularExpressionKey = message(
  'ConsumerGroupRegularExpressionKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    regularExpression: string(),
  },
)

export const consumerGroupRegularExpressionValue = message(
  'ConsumerGroupRegularExpressionValue',
  { versions: '0', flexible: '0+' },
  {
    topics: array(string()),
    version: int64(),
    timestamp: millis(),
  },
)

export const consumerGroupRegularExpressionRecord = coordinatorRecord(
  16,
  'ConsumerGroupRegularExpression',
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
)

export type ConsumerGroupRegularExpressionKey = Decoded<typeof consumerGroupRegularExpressionKey>
export type ConsumerGroupRegularExpressionKeyInput = Input<typeof consumerGroupRegularExpressionKey>
export type ConsumerGroupRegularExpressionValue = Decoded<typeof consumerGroupRegularExpressionValue>
export type ConsumerGroupRegularExpressionValueInput = Input<typeof consumerGroupRegularExpressionValue>
