import { responseHeader } from '../messages/response-header.ts'
import type { Api } from '../schema/index.ts'
import { withWriter } from '../wire/writer.ts'

const lengthBytes = 4

/** A response with its length and header, as chunks to be sent one after the other; `records` are not copied. */
export function encodeResponse<Request, Response, RequestInput, ResponseInput>(
  api: Api<Request, Response, RequestInput, ResponseInput>,
  version: number,
  correlationId: number,
  body: ResponseInput,
): Uint8Array[] {
  return withWriter(true, (writer) => {
    writer.skip(lengthBytes)
    responseHeader.write(writer, { correlationId }, api.responseHeaderVersion(version))
    api.response.write(writer, body, version)
    writer.patch32(0, writer.sizeBytes - lengthBytes)
    return writer.takeChunks()
  })
}

/** The first thing in a response frame without its length: whose answer it is. */
export const correlationIdOf = (frame: Uint8Array): number => responseHeader.decodePrefix(frame, 0).value.correlationId

/** Reads a response frame without its length. */
export function decodeResponse<Request, Response, RequestInput, ResponseInput>(
  api: Api<Request, Response, RequestInput, ResponseInput>,
  version: number,
  frame: Uint8Array,
): { correlationId: number; body: Response } {
  const { value, sizeBytes } = responseHeader.decodePrefix(frame, api.responseHeaderVersion(version))
  return { correlationId: value.correlationId, body: api.response.decode(frame.subarray(sizeBytes), version) }
}
