import { readFileSync } from 'node:fs'

import type { GaugeSample, Metrics } from '@millrace/kernel'

const processFile = '/proc/self/io'

/** Declares what this process has had read from and written to disks, as Linux counts it; elsewhere there is no sample. */
export function declareDiskIo(
  metrics: Metrics,
  readText: () => string = () => readFileSync(processFile, 'utf8'),
): void {
  for (const direction of ['read', 'write']) {
    metrics.gauge(
      {
        name: `kafka_server_kafkaserver_linux_disk_${direction}_bytes`,
        help: `Bytes of this process that went through a disk's ${direction}s, as Linux counts them`,
      },
      () => samplesOf(direction, readText),
    )
  }
}

function samplesOf(direction: string, readText: () => string): readonly GaugeSample[] {
  let text: string
  try {
    text = readText()
  } catch {
    return [] // no Linux, or a container that hides it
  }
  const bytes = new RegExp(`^${direction}_bytes: (\\d+)$`, 'm').exec(text)?.[1]
  return bytes === undefined ? [] : [{ value: Number(bytes) }]
}
