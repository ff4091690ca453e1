import { type Decoded, type Input, int16, int32, message, string } from '../schema/index.ts'

export const requestHeader = message(
  'RequestHeader',
  { versions: '1-2', flexible: '2+' },
  {
    requestApiKey: int16(),
    requestApiVersion: int16(),
    correlationId: int32(),
    clientId: string({ nullable: '1+', flexible: 'none' }),
  },
)

export interface RequestHeader extends Decoded<typeof requestHeader> {}
export interface RequestHeaderInput extends Input<typeof requestHeader> {}
