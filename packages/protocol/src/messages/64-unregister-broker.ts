import { type Api, type Decoded, type Input, api, int16, int32, request, response, string } from '../schema/index.ts'

export const unregisterBrokerRequest = request(
  'UnregisterBroker',
  { versions: '0', flexible: '0+' },
  {
    brokerId: int32(),
  },
)

export const unregisterBrokerResponse = response(
  'UnregisterBroker',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
  },
)

export interface UnregisterBrokerRequest extends Decoded<typeof unregisterBrokerRequest> {}
export interface UnregisterBrokerRequestInput extends Input<typeof unregisterBrokerRequest> {}
export interface UnregisterBrokerResponse extends Decoded<typeof unregisterBrokerResponse> {}
export interface UnregisterBrokerResponseInput extends Input<typeof unregisterBrokerResponse> {}

export const unregisterBrokerApi: Api<
  UnregisterBrokerRequest,
  UnregisterBrokerResponse,
  UnregisterBrokerRequestInput,
  UnregisterBrokerResponseInput
> = api(64, 'UnregisterBroker', unregisterBrokerRequest, unregisterBrokerResponse)
