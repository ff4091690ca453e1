export * from './errors/errors.ts'
export type {
  AnyApi,
  Api,
  Decoded,
  DecodedStruct,
  Field,
  Fields,
  Input,
  InputStruct,
  Kind,
  Message,
  Versions,
} from './schema/index.ts'
export { zeroUuid } from './wire/uuid.ts'
export * from './wire/wire-error.ts'
export type { Writer } from './wire/writer.ts'
export { type AnyMessage, messageByName } from './every-message.ts'
export * from './frame/index.ts'
export * from './messages/index.ts'
export * from './coordinator-records/index.ts'
export * from './hash/index.ts'
export * from './records/index.ts'
