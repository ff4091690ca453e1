import { type Decoded, type Input, int16, message } from '../schema/index.ts'

export const controlRecordTypeSchema = message(
  'ControlRecordTypeSchema',
  { versions: '0', flexible: 'none' },
  {
    type: int16(),
  },
)

export type ControlRecordTypeSchema = Decoded<typeof controlRecordTypeSchema>
export type ControlRecordTypeSchemaInput = Input<typeof controlRecordTypeSchema>
