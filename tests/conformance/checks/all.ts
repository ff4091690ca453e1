import { aborted, markerBeyondFetch, open, twoAborted } from './aborted.ts'
import type { Check } from './check.ts'
import { crcOnRead } from './crc.ts'
import { memoryByBytes } from './memory.ts'
import { orderUnderCuts } from './order.ts'
import { partitionsAsJava } from './partitions.ts'

export const checks: readonly Check[] = [
  aborted,
  twoAborted,
  markerBeyondFetch,
  open,
  orderUnderCuts,
  partitionsAsJava,
  crcOnRead,
  memoryByBytes,
]
