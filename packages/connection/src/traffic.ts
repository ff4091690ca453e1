/** What went over the connections of one client, or of one client to one broker: only ever grows. */
export class Traffic {
  requests = 0
  responses = 0
  bytesOut = 0
  bytesIn = 0
  /** Sum and maximum of the time from a request's write to its answer. */
  latencySumMs = 0
  latencyMaxMs = 0
  connectionsMade = 0
  connectionsClosed = 0
  authentications = 0
  reauthentications = 0
  authenticationsFailed = 0
}
