import {
  type Decoded,
  type Input,
  api,
  bool,
  bytes,
  int16,
  int32,
  int8,
  request,
  response,
  uuid,
} from '../schema/index.ts'

export const pushTelemetryRequest = request(
  'PushTelemetry',
  { versions: '0', flexible: '0+' },
  {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    terminating: bool(),
    compressionType: int8(),
    metrics: bytes(),
  },
)

export const pushTelemetryResponse = response(
  'PushTelemetry',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
  },
)

export const pushTelemetryApi = api(72, 'PushTelemetry', pushTelemetryRequest, pushTelemetryResponse)

export type PushTelemetryRequest = Decoded<typeof pushTelemetryRequest>
export type PushTelemetryRequestInput = Input<typeof pushTelemetryRequest>
export type PushTelemetryResponse = Decoded<typeof pushTelemetryResponse>
export type PushTelemetryResponseInput = Input<typeof pushTelemetryResponse>
