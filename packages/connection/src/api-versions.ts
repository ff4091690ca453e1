import type { AnyApi, ApiVersionsResponse } from '@millrace/protocol'
import { apiVersionsApi, errorCode } from '@millrace/protocol'
import type { ErrorSource } from './broker-error.ts'
import { UnsupportedApiError } from './broker-error.ts'
import { sinceKafka } from './since-kafka.ts'

export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** What a broker can do: per API key, the versions that it takes. */
export type BrokerVersions = ReadonlyMap<number, VersionRange>

/**
 * Reads what a broker answers to ApiVersions. One that doesn't know the version asked for answers in version 0 with
 * UNSUPPORTED_VERSION and the range that it takes (KIP-511).
 */
export function decodeApiVersions(body: Uint8Array, askedVersion: number): ApiVersionsResponse {
  const code = ((body[0] ?? 0) << 8) | (body[1] ?? 0)
  const version = code === errorCode('UNSUPPORTED_VERSION') ? 0 : askedVersion
  return apiVersionsApi.response.decode(body, version)
}

/** The version to ask again in after UNSUPPORTED_VERSION: the best of the range named, or 0 where none is. */
export function fallbackVersion(response: ApiVersionsResponse): number {
  const range = response.apiKeys.find((each) => each.apiKey === apiVersionsApi.key)
  return range === undefined ? 0 : Math.max(0, Math.min(range.maxVersion, apiVersionsApi.maxVersion))
}

export const brokerVersions = (response: ApiVersionsResponse): BrokerVersions =>
  new Map(response.apiKeys.map((each) => [each.apiKey, { min: each.minVersion, max: each.maxVersion }]))

/** The highest version that both sides and the caller take. */
export function chooseVersion(
  api: Pick<AnyApi, 'key' | 'name' | 'minVersion' | 'maxVersion'>,
  versions: BrokerVersions,
  wanted: Partial<VersionRange>,
  source: ErrorSource,
): number {
  const theirs = versions.get(api.key)
  const needed = Math.max(api.minVersion, wanted.min ?? 0)
  if (theirs === undefined)
    throw new UnsupportedApiError(`the broker doesn't have ${api.name}${since(api, needed)}`, source)
  const min = Math.max(needed, theirs.min)
  const max = Math.min(api.maxVersion, theirs.max, wanted.max ?? Infinity)
  if (min <= max) return max
  const ours = `${needed}-${Math.min(api.maxVersion, wanted.max ?? Infinity)}`
  const message = `the broker takes ${api.name} ${theirs.min}-${theirs.max}, this needs one of ${ours}`
  throw new UnsupportedApiError(theirs.max < needed ? message + since(api, needed) : message, source)
}

function since(api: Pick<AnyApi, 'name'>, version: number): string {
  const kafka = sinceKafka(api.name, version)
  return kafka === null ? '' : `: Apache Kafka has it since ${kafka}`
}
