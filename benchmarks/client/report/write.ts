// benchmarks/results/client.json and the pictures, and the tables in benchmarks/client.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { confluentKafkaVersion } from '../../../tests/interop/peers/python.ts'
import { versionHere } from '../../contenders/millrace.ts'
import { writeBlock } from '../../report/block.ts'
import { machine } from '../../report/machine.ts'
import { picture } from '../../report/picture.ts'
import type { Result, Settings } from '../measure.ts'
import { goalLines } from './goals.ts'
import { brokerTitle, tables } from './tables.ts'

const folder = join(import.meta.dirname, '../..')
const what = 'our client ÷ the other: dot = median of the rounds'

export function write(
  results: readonly Result[],
  settings: Settings,
  brokers: { readonly millrace: string; readonly kafka: string },
): void {
  const date = new Date().toISOString().slice(0, 10)
  const peers = {
    kafkajs: versionHere('kafkajs'),
    '@platformatic/kafka': versionHere('@platformatic/kafka'),
    'confluent-kafka-python': confluentKafkaVersion,
  }
  const goals = goalLines(results)
  const json = { date, machine: machine(), brokers, peers, settings, goals, results }
  writeFileSync(join(folder, 'results/client.json'), `${JSON.stringify(json, null, 2)}\n`)
  const pictures = Object.keys(brokers).map((broker) => {
    const name = `results/client-${broker}.svg`
    const lines = goals.filter((line) => line.broker === broker)
    writeFileSync(join(folder, name), picture(lines, `${brokerTitle(broker)}'s broker, ${what}`))
    return `![ratios with ${brokerTitle(broker)}'s broker](${name})\n`
  })
  const named = Object.entries(peers).map(([name, version]) => `${name} ${version}`)
  const where = `${date}, @millrace/client ${brokers.millrace} beside ${named.join(', ')}; brokers Millrace ${brokers.millrace} and Apache Kafka ${brokers.kafka}; ${settings.rounds} rounds, on ${machine()}.`
  const how = `linger ${settings.lingerMs} ms, batch size ${settings.batchBytes} bytes, compression ${settings.compression}.`
  const text = `${where}\n${how}\n\n${tables(results)}\n${pictures.join('\n')}`
  writeBlock(join(folder, 'client.md'), 'npm run bench:client', text)
}
