export * from './groups/group-double.ts'
export * from './groups/scenario.ts'
export * from './log-world.ts'
