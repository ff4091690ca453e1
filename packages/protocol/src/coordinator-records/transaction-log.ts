import { type Decoded, type Input, array, int16, int32, int64, int8, message, millis, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const transactionLogKey = message(
  'TransactionLogKey',
  { versions: '0', flexible: 'none' },
  {
    transactionalId: string(),
  },
)

export const transactionLogValue = message(
  'TransactionLogValue',
  { versions: '0-1', flexible: '1+' },
  {
    producerId: int64(),
    previousProducerId: int64({ versions: '1+', default: -1, tag: 0 }),
    nextProducerId: int64({ versions: '1+', default: -1, tag: 1 }),
    producerEpoch: int16(),
    nextProducerEpoch: int16({ versions: '1+', default: -1, tag: 3 }),
    transactionTimeoutMs: int32(),
    transactionStatus: int8(),
    transactionPartitions: array(
      {
        topic: string(),
        partitionIds: array(int32()),
      },
      { nullable: '0+' },
    ),
    transactionLastUpdateTimestampMs: millis(),
    transactionStartTimestampMs: millis(),
    clientTransactionVersion: int16({ versions: '1+', default: 0, tag: 2 }),
  },
)

export interface TransactionLogKey extends Decoded<typeof transactionLogKey> {}
export interface TransactionLogKeyInput extends Input<typeof transactionLogKey> {}
export interface TransactionLogValue extends Decoded<typeof transactionLogValue> {}
export interface TransactionLogValueInput extends Input<typeof transactionLogValue> {}

export const transactionLogRecord: CoordinatorRecord<
  TransactionLogKey,
  TransactionLogValue,
  TransactionLogKeyInput,
  TransactionLogValueInput
> = coordinatorRecord(0, 'TransactionLog', transactionLogKey, transactionLogValue)
