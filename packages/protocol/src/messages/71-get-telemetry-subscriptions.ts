import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  int8,
  request,
  response,
  string,
  uuid,
} from '../schema/index.ts'

export const getTelemetrySubscriptionsRequest = request(
  'GetTelemetrySubscriptions',
  { versions: '0', flexible: '0+' },
  {
    clientInstanceId: uuid(),
  },
)

export const getTelemetrySubscriptionsResponse = response(
  'GetTelemetrySubscriptions',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    acceptedCompressionTypes: array(int8()),
    pushIntervalMs: int32(),
    telemetryMaxBytes: int32(),
    deltaTemporality: bool(),
    requestedMetrics: array(string()),
  },
)

export interface GetTelemetrySubscriptionsRequest extends Decoded<typeof getTelemetrySubscriptionsRequest> {}
export interface GetTelemetrySubscriptionsRequestInput extends Input<typeof getTelemetrySubscriptionsRequest> {}
export interface GetTelemetrySubscriptionsResponse extends Decoded<typeof getTelemetrySubscriptionsResponse> {}
export interface GetTelemetrySubscriptionsResponseInput extends Input<typeof getTelemetrySubscriptionsResponse> {}

export const getTelemetrySubscriptionsApi: Api<
  GetTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse,
  GetTelemetrySubscriptionsRequestInput,
  GetTelemetrySubscriptionsResponseInput
> = api(71, 'GetTelemetrySubscriptions', getTelemetrySubscriptionsRequest, getTelemetrySubscriptionsResponse)
