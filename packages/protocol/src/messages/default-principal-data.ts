import { type Decoded, type Input, bool, message, string } from '../schema/index.ts'

export const defaultPrincipalData = message(
  'DefaultPrincipalData',
  { versions: '0', flexible: '0+' },
  {
    type: string(),
    name: string(),
    tokenAuthenticated: bool(),
  },
)

export interface DefaultPrincipalData extends Decoded<typeof defaultPrincipalData> {}
export interface DefaultPrincipalDataInput extends Input<typeof defaultPrincipalData> {}
