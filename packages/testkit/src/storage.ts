export * from './faulty-file-system.ts'
export * from './log-model/run-seed.ts'
export * from './log-world.ts'
export * from './several-disks.ts'
