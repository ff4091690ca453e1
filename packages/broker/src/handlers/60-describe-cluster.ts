// DescribeCluster v0-2. Brokers answer for brokers only: v1 clients may ask for controllers, which have no endpoint here.
import type { ErrorName } from '@millrace/protocol'
import { describeClusterApi, errorCode } from '@millrace/protocol'
import { defineHandler } from '../dispatch/handler.ts'
import { clusterOperations, operationsNotAsked } from '../runtime/authorized-operations.ts'

const brokerEndpoints = 1
const controllerEndpoints = 2

export const describeCluster = defineHandler(describeClusterApi, {
  access: () => [],
  handle: (request, { image, connection, services, apiVersion }) => {
    const { endpointType } = request
    if (endpointType !== brokerEndpoints) {
      const error = endpointType === controllerEndpoints ? 'MISMATCHED_ENDPOINT_TYPE' : 'UNSUPPORTED_ENDPOINT_TYPE'
      const message = `endpoint type ${endpointType} asked of a broker, expected ${brokerEndpoints}`
      return answer(apiVersion === 0 ? 'INVALID_REQUEST' : error, message)
    }
    return {
      ...answer('NONE', null),
      clusterId: image.clusterId,
      // Any broker will do: each hands what only the controller may do on to it.
      controllerId: services.brokerId,
      brokers: services.endpoints.all(image, connection).map(({ nodeId, host, port, rack }) => ({
        brokerId: nodeId,
        host,
        port,
        rack,
        isFenced: false,
      })),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
    }
  },
  failure: (_request, error, message) => answer(error, message),
})

// Whatever was asked for, brokers are what this speaks of.
const answer = (error: ErrorName, errorMessage: string | null) => ({
  throttleTimeMs: 0,
  errorCode: errorCode(error),
  errorMessage,
  endpointType: brokerEndpoints,
  clusterId: '',
  controllerId: -1,
  brokers: [],
  clusterAuthorizedOperations: operationsNotAsked,
})
