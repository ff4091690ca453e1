import {
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

export const getTelemetrySubscriptionsApi = api(
  71,
  'GetTelemetrySubscriptions',
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
)

export type GetTelemetrySubscriptionsRequest = Decoded<typeof getTelemetrySubscriptionsRequest>
export type GetTelemetrySubscriptionsRequestInput = Input<typeof getTelemetrySubscriptionsRequest>
export type GetTelemetrySubscriptionsResponse = Decoded<typeof getTelemetrySubscriptionsResponse>
export type GetTelemetrySubscriptionsResponseInput = Input<typeof getTelemetrySubscriptionsResponse>
