import type { ErrorName } from '@millrace/protocol'

import type { Access, ConnectionInfo, ResourceType } from './handler.ts'

/** Decides who may do what. */
export interface Authorizer {
  allows(connection: ConnectionInfo, access: Access): boolean
}

/** Nobody is refused anything: what a broker without an authorizer does, as in Kafka. */
export const allowAll: Authorizer = { allows: () => true }

const refusals: Readonly<Record<ResourceType, ErrorName>> = {
  TOPIC: 'TOPIC_AUTHORIZATION_FAILED',
  GROUP: 'GROUP_AUTHORIZATION_FAILED',
  CLUSTER: 'CLUSTER_AUTHORIZATION_FAILED',
  TRANSACTIONAL_ID: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  DELEGATION_TOKEN: 'DELEGATION_TOKEN_AUTHORIZATION_FAILED',
  USER: 'CLUSTER_AUTHORIZATION_FAILED',
}

/** The error of the first access that is refused; null where all are allowed. */
export function refusal(
  authorizer: Authorizer,
  connection: ConnectionInfo,
  accesses: readonly Access[],
): ErrorName | null {
  if (authorizer === allowAll) return null
  const refused = accesses.find((access) => !authorizer.allows(connection, access))
  return refused === undefined ? null : refusals[refused.resource]
}
