import { getTelemetrySubscriptionsApi, zeroUuid } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import type { Call } from './call.ts'
import { askOne, request } from './request.ts'
import { toAny } from './routes.ts'

/** A client that has no id yet asks with none, and is given one. */
export function clientInstanceId(call: Call): Promise<string> {
  return askOne(call, toAny<null>, async (connection) => {
    const api = getTelemetrySubscriptionsApi
    const response = await request(call, connection, api, { clientInstanceId: zeroUuid })
    throwOnError(response.errorCode, connection, api.name)
    return response.clientInstanceId
  })
}
