import { type Decoded, type Input, api, int16, int32, request, response, string } from '../schema/index.ts'

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

export const unregisterBrokerApi = api(64, 'UnregisterBroker', unregisterBrokerRequest, unregisterBrokerResponse)

export type UnregisterBrokerRequest = Decoded<typeof unregisterBrokerRequest>
export type UnregisterBrokerRequestInput = Input<typeof unregisterBrokerRequest>
export type UnregisterBrokerResponse = Decoded<typeof unregisterBrokerResponse>
export type UnregisterBrokerResponseInput = Input<typeof unregisterBrokerResponse>
