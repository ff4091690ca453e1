import { type Decoded, type Input, int16, message } from '../schema/index.ts'

export const controlRecordTypeSchema = message(
  'ControlRecordTypeSchema',
  { versions: '0', flexible: 'none' },
  {
    type: int16(),
  },
)

export interface ControlRecordTypeSchema extends Decoded<typeof controlRecordTypeSchema> {}
export interface ControlRecordTypeSchemaInput extends Input<typeof controlRecordTypeSchema> {}
