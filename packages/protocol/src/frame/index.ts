export * from './frame-reader.ts'
export * from './request-frame.ts'
export * from './response-frame.ts'
