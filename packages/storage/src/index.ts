export type * from './log/partition-log.ts'
