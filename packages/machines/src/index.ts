export type * from './machine.ts'
export * from './controller/index.ts'
export * from './groups/index.ts'
