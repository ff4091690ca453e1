import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  int64,
  request,
  response,
  uuid,
} from '../schema/index.ts'

export const brokerHeartbeatRequest = request(
  'BrokerHeartbeat',
  { versions: '0-2', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    currentMetadataOffset: int64(),
    wantFence: bool(),
    wantShutDown: bool(),
    offlineLogDirs: array(uuid(), { versions: '1+', tag: 0 }),
    cordonedLogDirs: array(uuid(), { versions: '2+', nullable: '2+', default: null, tag: 1 }),
  },
)

export const brokerHeartbeatResponse = response(
  'BrokerHeartbeat',
  { versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    isCaughtUp: bool({ default: false }),
    isFenced: bool({ default: true }),
    shouldShutDown: bool(),
  },
)

export interface BrokerHeartbeatRequest extends Decoded<typeof brokerHeartbeatRequest> {}
export interface BrokerHeartbeatRequestInput extends Input<typeof brokerHeartbeatRequest> {}
export interface BrokerHeartbeatResponse extends Decoded<typeof brokerHeartbeatResponse> {}
export interface BrokerHeartbeatResponseInput extends Input<typeof brokerHeartbeatResponse> {}

export const brokerHeartbeatApi: Api<
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerHeartbeatRequestInput,
  BrokerHeartbeatResponseInput
> = api(63, 'BrokerHeartbeat', brokerHeartbeatRequest, brokerHeartbeatResponse)
