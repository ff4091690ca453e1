import { type Decoded, type Input, int32, message } from '../schema/index.ts'

export const responseHeader = message(
  'ResponseHeader',
  { versions: '0-1', flexible: '1+' },
  {
    correlationId: int32(),
  },
)

export interface ResponseHeader extends Decoded<typeof responseHeader> {}
export interface ResponseHeaderInput extends Input<typeof responseHeader> {}
