import {
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  request,
  response,
  string,
  uint16,
  uuid,
} from '../schema/index.ts'

export const controllerRegistrationRequest = request(
  'ControllerRegistration',
  { versions: '0', flexible: '0+' },
  {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
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
  },
)

export const controllerRegistrationResponse = response(
  'ControllerRegistration',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
  },
)

export const controllerRegistrationApi = api(
  70,
  'ControllerRegistration',
  controllerRegistrationRequest,
  controllerRegistrationResponse,
)

export type ControllerRegistrationRequest = Decoded<typeof controllerRegistrationRequest>
export type ControllerRegistrationRequestInput = Input<typeof controllerRegistrationRequest>
export type ControllerRegistrationResponse = Decoded<typeof controllerRegistrationResponse>
export type ControllerRegistrationResponseInput = Input<typeof controllerRegistrationResponse>
