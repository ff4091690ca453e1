import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import type { AnyApi, Field, Fields } from '@millrace/protocol'
import { encodeResponse, zeroUuid } from '@millrace/protocol'
import { startBroker } from '../broker.ts'
import type { AnyHandler } from '../dispatch/handler.ts'
import { advertisedVersions } from '../dispatch/versions.ts'
import { handlers } from './index.ts'

/** A value for a field as a client might send it: names of topics and groups, small numbers, one element in arrays. */
function sampleOf(name: string, field: Field): unknown {
  switch (field.kind) {
    case 'array':
      return field.element === null ? [] : [sampleOf(name, field.element)]
    case 'struct':
      return sampleFields(field.fields ?? {})
    case 'string':
      return name === 'memberId' ? '' : 'orders'
    case 'uuid':
      return zeroUuid
    case 'bool':
      return false
    case 'bytes':
    case 'records':
      return new Uint8Array(0)
    case 'float64':
    case 'hash64':
    case 'int8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'int64':
    case 'millis':
    default:
      return name === 'timeoutMs' || name === 'maxWaitMs' || name === 'acks' ? 1 : 0
  }
}

const sampleFields = (fields: Fields): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, sampleOf(name, field)]))

/** The same, without what the version can't carry. */
function sampleIn(version: number, fields: Fields): Record<string, unknown> {
  const carried = Object.entries(fields).filter(([, { options }]) => carries(options.versions, version))
  return Object.fromEntries(
    carried.map(([name, field]) => {
      const nested = field.kind === 'array' ? field.element?.fields : field.fields
      if (nested === null || nested === undefined) return [name, sampleOf(name, field)]
      const value = sampleIn(version, nested)
      return [name, field.kind === 'array' ? [value] : value]
    }),
  )
}

function carries(range: string | undefined, version: number): boolean {
  if (range === undefined) return true
  const [min = '0', max = ''] = range.endsWith('+') ? [range.slice(0, -1)] : range.split('-')
  return (
    version >= Number(min) && (max === '' ? range.endsWith('+') || version === Number(min) : version <= Number(max))
  )
}

function* everyVersion(api: AnyApi, versions: { readonly min: number; readonly max: number }): Iterable<number> {
  const min = Math.max(api.minVersion, versions.min)
  for (let version = min; version <= Math.min(api.maxVersion, versions.max); version += 1) yield version
}

const requestOf = ({ request }: AnyApi, version: number): unknown =>
  request.decode(request.encode(sampleIn(version, request.fields) as never, version), version)

test('every API can say an error in every version that it advertises', () => {
  for (const handler of Object.values<AnyHandler>(handlers)) {
    for (const version of everyVersion(handler.api, advertisedVersions(handler))) {
      const request = requestOf(handler.api, version)
      const failure = handler.failure(request, 'UNKNOWN_SERVER_ERROR', 'something broke')
      const write = () => encodeResponse(handler.api, version, 1, failure)
      assert.doesNotThrow(write, `${handler.api.name} v${version}`)
      assert.ok(Array.isArray(handler.access(request)))
    }
  }
})

test('every API answers in every version that it advertises', async () => {
  await using broker = await startBroker()
  for (const handler of Object.values<AnyHandler>(handlers)) {
    for (const version of everyVersion(handler.api, advertisedVersions(handler))) {
      const connection = await Connection.connect({ host: broker.host, port: broker.port, requestTimeoutMs: 5_000 })
      const body = sampleIn(version, handler.api.request.fields)
      const versions = { min: version, max: version }
      await assert.doesNotReject(
        connection.request(handler.api, body as never, { versions }),
        `${handler.api.name} v${version}`,
      )
      connection.close()
    }
  }
})
