export { MemorySpace } from './memory/memory-space.ts'
export type { MemoryStoreOptions } from './memory/memory-store.ts'
export { memoryStore } from './memory/memory-store.ts'
export * from './store.ts'
