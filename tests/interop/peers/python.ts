// Python with confluent-kafka (librdkafka) from PyPI, in a virtual environment of its own.
import { join } from 'node:path'
import { cached } from './cache.ts'
import type { Peer } from './peer.ts'
import { run } from '../process.ts'

export const confluentKafkaVersion = '2.16.1'

export interface Python {
  readonly command: string
}

export const confluentPython: Peer<Python> = {
  name: 'confluent-kafka-python',
  async get() {
    const folder = await cached(`confluent-kafka-${confluentKafkaVersion}`, async (partial) => {
      await run('python3', ['-m', 'venv', partial])
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
      await run(join(partial, 'bin', 'python'), [...install, `confluent-kafka==${confluentKafkaVersion}`], {
        timeoutMs: 5 * 60_000,
      })
    })
    return { command: join(folder, 'bin', 'python') }
  },
}
