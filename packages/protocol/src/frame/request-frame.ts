import { apis } from '../messages/apis.ts'
import { requestHeader } from '../messages/request-header.ts'
import { readInt16 } from '../records/fixed.ts'
import type { AnyApi, Api } from '../schema/index.ts'
import { wireError } from '../wire/wire-error.ts'
import { withWriter } from '../wire/writer.ts'

const lengthBytes = 4

/** A request whose header has been read and whose body hasn't. */
export interface RequestFrame {
  readonly api: AnyApi
  /** As the client said it: it may be one that we don't know. */
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** What comes after the header. */
  readonly body: Uint8Array
}

/** Reads the header of a frame without its length; throws WireError, also for an API key that nobody knows. */
export function decodeRequestHeader(frame: Uint8Array): RequestFrame {
  if (frame.length < 4) throw wireError({ what: 'bytes of a request', got: frame.length, expected: 'at least 8' })
  const key = readInt16(frame, 0)
  const apiVersion = readInt16(frame, 2)
  const api = apis.get(key)
  if (api === undefined) throw wireError({ what: 'api key', got: key, expected: "a key of Kafka's" })
  const { value, sizeBytes } = requestHeader.decodePrefix(frame, api.requestHeaderVersion(apiVersion))
  return {
    api,
    apiVersion,
    correlationId: value.correlationId,
    clientId: value.clientId,
    body: new Uint8Array(frame.buffer, frame.byteOffset + sizeBytes, frame.length - sizeBytes),
  }
}

/** A request with its length and header, as chunks to be sent one after the other; `records` are not copied. */
export function encodeRequest<Request, Response, RequestInput, ResponseInput>(
  api: Api<Request, Response, RequestInput, ResponseInput>,
  version: number,
  header: { readonly correlationId: number; readonly clientId: string | null },
  body: RequestInput,
): Uint8Array[] {
  return withWriter(true, (writer) => {
    writer.skip(lengthBytes)
    const fullHeader = { requestApiKey: api.key, requestApiVersion: version, ...header }
    requestHeader.write(writer, fullHeader, api.requestHeaderVersion(version))
    api.request.write(writer, body, version)
    writer.patch32(0, writer.sizeBytes - lengthBytes)
    return writer.takeChunks()
  })
}
