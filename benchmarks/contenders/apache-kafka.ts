// Apache Kafka with the JVM settings that its own start script has, and a heap of 1 GiB.
import { apacheKafkaVersion } from '../../tests/interop/peers/apache-kafka.ts'
import { launchApacheKafka, startApacheKafka } from '../../tests/interop/target/apache-kafka.ts'
import type { Contender } from './contender.ts'

const heap = ['-Xms1G', '-Xmx1G']
const collector = [
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
]
const jvm = ['-server', ...heap, ...collector]
const settings = { 'group.initial.rebalance.delay.ms': '0' }

export const apacheKafkaContender: Contender = {
  name: 'kafka',
  version: apacheKafkaVersion(),
  start: (dataDir) => startApacheKafka({ dataDir, port: 0, settings }, jvm),
  launch: (dataDir) => launchApacheKafka({ dataDir, port: 0, settings }, jvm),
}
