import {
  type Api,
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

export interface ControllerRegistrationRequest extends Decoded<typeof controllerRegistrationRequest> {}
export interface ControllerRegistrationRequestInput extends Input<typeof controllerRegistrationRequest> {}
export interface ControllerRegistrationResponse extends Decoded<typeof controllerRegistrationResponse> {}
export interface ControllerRegistrationResponseInput extends Input<typeof controllerRegistrationResponse> {}

export const controllerRegistrationApi: Api<
  ControllerRegistrationRequest,
  ControllerRegistrationResponse,
  ControllerRegistrationRequestInput,
  ControllerRegistrationResponseInput
> = api(70, 'ControllerRegistration', controllerRegistrationRequest, controllerRegistrationResponse)
