export type * from './io/file-system.ts'
export type * from './log/partition-log.ts'
export { defaultSettings, type LogManagerOptions } from './log/log-manager-options.ts'
