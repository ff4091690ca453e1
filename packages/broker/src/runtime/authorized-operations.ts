/** What a client gets that didn't ask which operations it may do. */
export const operationsNotAsked = -0x80000000

const bits = (...codes: readonly number[]): number => codes.reduce((mask, code) => mask | (1 << code), 0)

const [read, write, create, remove, alter, describe, clusterAction, describeConfigs, alterConfigs, idempotentWrite] = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
] as const

// Without an authorizer everybody may do everything that there is to do with such a resource.
export const topicOperations = bits(read, write, create, describe, remove, alter, describeConfigs, alterConfigs)
export const groupOperations = bits(read, describe, remove, describeConfigs, alterConfigs)
export const clusterOperations = bits(
  create,
  clusterAction,
  describeConfigs,
  alterConfigs,
  idempotentWrite,
  alter,
  describe,
)
