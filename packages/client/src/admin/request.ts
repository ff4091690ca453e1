import type { BodyFor, Connection, VersionRange } from '@millrace/connection'
import type { Api } from '@millrace/protocol'
import type { Router } from './ask-each.ts'
import type { Call } from './call.ts'
import { retrying } from './call.ts'

/** One request of a call; its answer comes whatever it says. */
export function request<Req, Res, ReqIn, ResIn>(
  call: Call,
  connection: Connection,
  api: Api<Req, Res, ReqIn, ResIn>,
  body: BodyFor<ReqIn>,
  versions: Partial<VersionRange> = {},
): Promise<Res> {
  return connection.request(api, body, { signal: call.signal, versions })
}

/** Asks the one broker that answers, until it has said something that isn't to be asked again. */
export function askOne<T>(call: Call, route: Router<null>, ask: (connection: Connection) => Promise<T>): Promise<T> {
  return retrying(call, async (attempt) => {
    const { routes, nowhere } = await route(call, [null], attempt)
    const error = nowhere.get(null)
    if (error !== undefined) throw error
    return ask(await routes[0]!.connect())
  })
}
