import type { Message } from './message.ts'
import { includes } from './versions.ts'

/** Request and response of one API key. */
export interface Api<Request, Response, RequestInput = Request, ResponseInput = Response> {
  readonly key: number
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  requestHeaderVersion(version: number): 1 | 2
  responseHeaderVersion(version: number): 0 | 1
  readonly request: Message<Request, RequestInput>
  readonly response: Message<Response, ResponseInput>
}

/** Any API where its key is known only at run time. */
export type AnyApi = Api<unknown, unknown, never, never>

const apiVersionsKey = 18

/** Ties a request to its response. */
export function api<Req, ReqIn, Res, ResIn>(
  key: number,
  name: string,
  request: Message<Req, ReqIn>,
  response: Message<Res, ResIn>,
): Api<Req, Res, ReqIn, ResIn> {
  return {
    key,
    name,
    minVersion: request.versions.min,
    maxVersion: request.versions.max,
    requestHeaderVersion: (version) => (includes(request.flexible, version) ? 2 : 1),
    // A client that asks for versions can't know yet which header the broker would write: it is 0 for good.
    responseHeaderVersion: (version) => (key !== apiVersionsKey && includes(response.flexible, version) ? 1 : 0),
    request,
    response,
  }
}
