import {
  type Api,
  type Decoded,
  type Input,
  api,
  bool,
  int16,
  int32,
  int64,
  request,
  response,
  string,
} from '../schema/index.ts'

export const initProducerIdRequest = request(
  'InitProducerId',
  { versions: '0-6', flexible: '2+' },
  {
    transactionalId: string({ nullable: '0+' }),
    transactionTimeoutMs: int32(),
    producerId: int64({ versions: '3+', default: -1 }),
    producerEpoch: int16({ versions: '3+', default: -1 }),
    enable2Pc: bool({ versions: '6+', default: false }),
    keepPreparedTxn: bool({ versions: '6+', default: false }),
  },
)

export const initProducerIdResponse = response(
  'InitProducerId',
  { versions: '0-6', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    errorCode: int16(),
    producerId: int64({ default: -1 }),
    producerEpoch: int16(),
    ongoingTxnProducerId: int64({ versions: '6+', default: -1 }),
    ongoingTxnProducerEpoch: int16({ versions: '6+', default: -1 }),
  },
)

export interface InitProducerIdRequest extends Decoded<typeof initProducerIdRequest> {}
export interface InitProducerIdRequestInput extends Input<typeof initProducerIdRequest> {}
export interface InitProducerIdResponse extends Decoded<typeof initProducerIdResponse> {}
export interface InitProducerIdResponseInput extends Input<typeof initProducerIdResponse> {}

export const initProducerIdApi: Api<
  InitProducerIdRequest,
  InitProducerIdResponse,
  InitProducerIdRequestInput,
  InitProducerIdResponseInput
> = api(22, 'InitProducerId', initProducerIdRequest, initProducerIdResponse)
