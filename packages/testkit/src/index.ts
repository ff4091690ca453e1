export * from './groups/group-double.ts'
export * from './groups/scenario.ts'
