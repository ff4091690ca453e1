import {
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

export const brokerHeartbeatApi = api(63, 'BrokerHeartbeat', brokerHeartbeatRequest, brokerHeartbeatResponse)

export type BrokerHeartbeatRequest = Decoded<typeof brokerHeartbeatRequest>
export type BrokerHeartbeatRequestInput = Input<typeof brokerHeartbeatRequest>
export type BrokerHeartbeatResponse = Decoded<typeof brokerHeartbeatResponse>
export type BrokerHeartbeatResponseInput = Input<typeof brokerHeartbeatResponse>
