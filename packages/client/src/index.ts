export type * from './admin/admin-api.ts'
export type * from './admin/types.ts'
export type * from './client-options.ts'
export type * from './record.ts'
