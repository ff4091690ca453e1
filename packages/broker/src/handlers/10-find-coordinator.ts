// FindCoordinator v0-6; from v4 for many keys. Creates the topic that groups live in when it isn't there. Transactions
// and share groups have no coordinator yet: who asks is told so for good.
import type { ErrorName, FindCoordinatorRequest } from '@millrace/protocol'
import { errorCode, findCoordinatorApi } from '@millrace/protocol'
import type { MetadataImage } from '@millrace/machines'
import { offsetsTopic } from '@millrace/machines'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import type { Endpoint } from '../runtime/endpoints.ts'

const groupType = 0
const firstBatchedVersion = 4

interface Found {
  readonly key: string
  readonly error: ErrorName
  readonly message: string | null
  readonly endpoint: Endpoint | null
}

export const findCoordinator = defineHandler(findCoordinatorApi, {
  access: ({ key, keyType, coordinatorKeys }) =>
    (coordinatorKeys.length === 0 ? [key] : coordinatorKeys).map((name) =>
      need('DESCRIBE', keyType === groupType ? 'GROUP' : 'TRANSACTIONAL_ID', name),
    ),
  handle: async (request, context) => {
    const { apiVersion, services } = context
    const keys = apiVersion >= firstBatchedVersion ? request.coordinatorKeys : [request.key]
    let { image } = context
    if (request.keyType === groupType && !image.topicsByName.has(offsetsTopic)) {
      image = (await services.topicCreation.create([offsetsTopic])).image
    }
    return respond(
      keys.map((key) => find(key, request, image, context)),
      apiVersion,
    )
  },
  failure: (request, error, message) => {
    const isBatched = request.coordinatorKeys.length > 0
    const keys = isBatched ? request.coordinatorKeys : [request.key]
    const found = keys.map((key): Found => ({ key, error, message, endpoint: null }))
    return respond(found, isBatched ? firstBatchedVersion : 0)
  },
})

function find(key: string, { keyType }: FindCoordinatorRequest, image: MetadataImage, context: RequestContext): Found {
  const { services, connection } = context
  if (keyType !== groupType) {
    const message = `coordinators of type ${keyType} are not there yet, expected ${groupType} (groups)`
    return { key, error: 'INVALID_REQUEST', message, endpoint: null }
  }
  const topic = image.topicsByName.get(offsetsTopic)
  const partition = topic?.partitions[services.groups.partitionFor(key)]
  const endpoint = partition === undefined ? undefined : services.endpoints.of(partition.leader, image, connection)
  if (endpoint === undefined) return { key, error: 'COORDINATOR_NOT_AVAILABLE', message: null, endpoint: null }
  return { key, error: 'NONE', message: null, endpoint }
}

// Where nothing is wrong Kafka has a text all the same, another one since there are many keys to a request.
function respond(found: readonly Found[], apiVersion: number) {
  const noError = apiVersion >= firstBatchedVersion ? '' : 'NONE'
  const answers = found.map(({ key, error, message, endpoint }) => ({
    key,
    errorCode: errorCode(error),
    errorMessage: error === 'NONE' ? noError : message,
    nodeId: endpoint?.nodeId ?? -1,
    host: endpoint?.host ?? '',
    port: endpoint?.port ?? -1,
  }))
  if (apiVersion >= firstBatchedVersion) return { throttleTimeMs: 0, coordinators: answers }
  const [{ key: _key, ...single } = { key: '' }] = answers
  return { throttleTimeMs: 0, ...single }
}
