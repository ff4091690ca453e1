/** What went over the connections of one client to one broker: only ever grows. */
export class Traffic {
  connectionsMade = 0
  connectionsClosed = 0
  authentications = 0
  reauthentications = 0
  authenticationsFailed = 0
  requests = 0
  responses = 0
  bytesOut = 0
  bytesIn = 0
  /** Sum and maximum of the time from a request's write to its answer. */
  latencySumMs = 0
  latencyMaxMs = 0
  /** The same of the throttle times that brokers set. */
  throttledSumMs = 0
  throttledMaxMs = 0

  static sum(parts: Iterable<Traffic>): Traffic {
    const total = new Traffic()
    for (const part of parts) total.#add(part)
    return total
  }

  #add(part: Traffic): void {
    this.connectionsMade += part.connectionsMade
    this.connectionsClosed += part.connectionsClosed
    this.authentications += part.authentications
    this.reauthentications += part.reauthentications
    this.authenticationsFailed += part.authenticationsFailed
    this.requests += part.requests
    this.responses += part.responses
    this.bytesOut += part.bytesOut
    this.bytesIn += part.bytesIn
    this.latencySumMs += part.latencySumMs
    this.latencyMaxMs = Math.max(this.latencyMaxMs, part.latencyMaxMs)
    this.throttledSumMs += part.throttledSumMs
    this.throttledMaxMs = Math.max(this.throttledMaxMs, part.throttledMaxMs)
  }
}
