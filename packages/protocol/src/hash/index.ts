export { crc32c } from './crc32c.ts'
export { coordinatorPartition, javaStringHash } from './java-string-hash.ts'
export { murmur2, partitionForKey } from './murmur2.ts'
