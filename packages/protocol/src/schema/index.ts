export * from './api.ts'
export * from './field.ts'
export * from './message.ts'
export * from './versions.ts'
