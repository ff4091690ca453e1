import { tracingChannel } from 'node:diagnostics_channel'

/** What subscribers of `tracing:millrace.connect:*` get; `error` and `result` are added by Node. */
export interface ConnectContext {
  /** `host:port` of the broker. */
  readonly address: string
  readonly clientId: string | null
}

/** What subscribers of `tracing:millrace.request:*` get. */
export interface RequestContext extends ConnectContext {
  /** Kafka's name of the request. */
  readonly api: string
  readonly version: number
}

const channels = { connect: tracingChannel('millrace.connect'), request: tracingChannel('millrace.request') }

/** Whether somebody subscribed: asked first, so that nothing is made for nobody. */
export const isTraced = (channel: keyof typeof channels): boolean => channels[channel].hasSubscribers

/** Runs it, and tells whoever subscribed to the channel of its start and end. */
export const traced = <T>(
  channel: keyof typeof channels,
  context: ConnectContext | RequestContext,
  work: () => Promise<T>,
): Promise<T> => channels[channel].tracePromise(work, { ...context })
