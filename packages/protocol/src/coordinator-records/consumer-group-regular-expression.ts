import { type Decoded, type Input, array, int64, message, millis, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

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

export interface ConsumerGroupRegularExpressionKey extends Decoded<typeof consumerGroupRegularExpressionKey> {}
export interface ConsumerGroupRegularExpressionKeyInput extends Input<typeof consumerGroupRegularExpressionKey> {}
export interface ConsumerGroupRegularExpressionValue extends Decoded<typeof consumerGroupRegularExpressionValue> {}
export interface ConsumerGroupRegularExpressionValueInput extends Input<typeof consumerGroupRegularExpressionValue> {}

export const consumerGroupRegularExpressionRecord: CoordinatorRecord<
  ConsumerGroupRegularExpressionKey,
  ConsumerGroupRegularExpressionValue,
  ConsumerGroupRegularExpressionKeyInput,
  ConsumerGroupRegularExpressionValueInput
> = coordinatorRecord(
  16,
  'ConsumerGroupRegularExpression',
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
)
