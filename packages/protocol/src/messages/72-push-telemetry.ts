import {
  type Api,
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

export interface PushTelemetryRequest extends Decoded<typeof pushTelemetryRequest> {}
export interface PushTelemetryRequestInput extends Input<typeof pushTelemetryRequest> {}
export interface PushTelemetryResponse extends Decoded<typeof pushTelemetryResponse> {}
export interface PushTelemetryResponseInput extends Input<typeof pushTelemetryResponse> {}

export const pushTelemetryApi: Api<
  PushTelemetryRequest,
  PushTelemetryResponse,
  PushTelemetryRequestInput,
  PushTelemetryResponseInput
> = api(72, 'PushTelemetry', pushTelemetryRequest, pushTelemetryResponse)
