import type { TestedClient } from './client.ts'
import { kafkajs } from './kafkajs.ts'
import { millrace } from './millrace.ts'
import { platformatic } from './platformatic.ts'

export const clients: readonly TestedClient[] = [millrace, kafkajs, platformatic]
