export * from './faulty-file-system.ts'
export * from './log-world.ts'
