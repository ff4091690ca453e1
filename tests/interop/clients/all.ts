import type { Client } from './client.ts'
import { confluent } from './confluent.ts'
import { java } from './java.ts'
import { kafkajs } from './kafkajs.ts'
import { kcat } from './kcat.ts'
import { millrace } from './millrace.ts'
import { platformatic } from './platformatic.ts'

export const clients: readonly Client[] = [kcat, kafkajs, platformatic, confluent, java, millrace]
