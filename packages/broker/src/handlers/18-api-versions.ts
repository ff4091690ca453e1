// ApiVersions v0-4. A version nobody knows is answered in v0 with UNSUPPORTED_VERSION by the dispatcher: it can't be read.
// Features whose lowest level is 0 are left out below v4, where clients fail on them (KAFKA-17492); there are none yet.
import type { ApiVersionsResponseInput, ErrorName } from '@millrace/protocol'
import { apiVersionsApi, errorCode } from '@millrace/protocol'

import type { HandlerTable } from '../dispatch/handler.ts'
import { defineHandler } from '../dispatch/handler.ts'
import { advertisedVersions } from '../dispatch/versions.ts'

const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** `table` is asked at each request: this handler is in it too. */
export const apiVersions = (table: () => HandlerTable) =>
  defineHandler(apiVersionsApi, {
    access: () => [],
    handle: ({ clientSoftwareName, clientSoftwareVersion }, { apiVersion }) => {
      const isNamed = softwareName.test(clientSoftwareName) && softwareName.test(clientSoftwareVersion)
      if (apiVersion >= 3 && !isNamed) return failure('INVALID_REQUEST')
      return { ...failure('NONE'), apiKeys: apiKeys(table()) }
    },
    failure: (_request, error) => failure(error),
  })

/** What a client of a version we don't know is answered, in v0: how to ask again. */
export const unsupportedApiVersions: ApiVersionsResponseInput = {
  errorCode: errorCode('UNSUPPORTED_VERSION'),
  apiKeys: [
    { apiKey: apiVersionsApi.key, minVersion: apiVersionsApi.minVersion, maxVersion: apiVersionsApi.maxVersion },
  ],
}

const apiKeys = (table: HandlerTable) =>
  [...table.values()].map((handler) => {
    const { min, max } = advertisedVersions(handler)
    return { apiKey: handler.api.key, minVersion: min, maxVersion: max }
  })

const failure = (error: ErrorName): ApiVersionsResponseInput => ({ errorCode: errorCode(error), apiKeys: [] })
