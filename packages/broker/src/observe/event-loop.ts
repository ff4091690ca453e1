import { performance } from 'node:perf_hooks'

import type { Metrics } from '@millrace/kernel'

// Kafka has network and request threads whose idle time dashboards show; here one event loop does the work of both.
const names = [
  'kafka_network_socketserver_networkprocessoravgidle_percent',
  'kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent',
]

/** Declares how idle the event loop was since it was last asked: 1 is idle, 0 is busy. */
export function declareEventLoop(metrics: Metrics): void {
  for (const name of names) {
    let before = performance.eventLoopUtilization()
    metrics.gauge(
      { name, help: 'Share of time in which the event loop had nothing to do, since it was last asked' },
      () => {
        const now = performance.eventLoopUtilization()
        const { utilization } = performance.eventLoopUtilization(now, before)
        before = now
        return 1 - utilization
      },
    )
  }
}
