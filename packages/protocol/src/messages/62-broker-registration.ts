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
  string,
  uint16,
  uuid,
} from '../schema/index.ts'

export const brokerRegistrationRequest = request(
  'BrokerRegistration',
  { versions: '0-4', flexible: '0+' },
  {
    brokerId: int32(),
    clusterId: string(),
    incarnationId: uuid(),
    listeners: array({
      name: string(),
      host: string(),
      port: uint16(),
      securityProtocol: int16(),
    }),
    features: array({
      name: string(),
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
    rack: string({ nullable: '0+' }),
    isMigratingZkBroker: bool({ versions: '1+', default: false }),
    logDirs: array(uuid(), { versions: '2+', ignorable: true }),
    previousBrokerEpoch: int64({ versions: '3+', default: -1, ignorable: true }),
  },
)

export const brokerRegistrationResponse = response(
  'BrokerRegistration',
  { versions: '0-4', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    brokerEpoch: int64({ default: -1 }),
  },
)

export interface BrokerRegistrationRequest extends Decoded<typeof brokerRegistrationRequest> {}
export interface BrokerRegistrationRequestInput extends Input<typeof brokerRegistrationRequest> {}
export interface BrokerRegistrationResponse extends Decoded<typeof brokerRegistrationResponse> {}
export interface BrokerRegistrationResponseInput extends Input<typeof brokerRegistrationResponse> {}

export const brokerRegistrationApi: Api<
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
  BrokerRegistrationRequestInput,
  BrokerRegistrationResponseInput
> = api(62, 'BrokerRegistration', brokerRegistrationRequest, brokerRegistrationResponse)
