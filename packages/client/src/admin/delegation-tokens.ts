import {
  createDelegationTokenApi,
  describeDelegationTokenApi,
  expireDelegationTokenApi,
  renewDelegationTokenApi,
} from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import type { Call } from './call.ts'
import { askOne, request } from './request.ts'
import { toController } from './routes.ts'
import type { CreateTokenOptions, DelegationToken } from './security-api.ts'

interface Principal {
  readonly principalType: string
  readonly principalName: string
}

function principalIn(text: string): Principal {
  const [, principalType, principalName] = /^([^:]+):(.+)$/.exec(text) ?? []
  if (principalType !== undefined && principalName !== undefined) return { principalType, principalName }
  throw new RangeError(`not a principal: got '${text}', expected one such as User:alice`)
}

const textOf = ({ principalType, principalName }: Principal): string => `${principalType}:${principalName}`

// The first version in which somebody else may be the owner.
const ownerVersion = 3
// What leaves a time to the broker.
const brokersChoice = -1

export function createDelegationToken(call: Call, options: CreateTokenOptions): Promise<DelegationToken> {
  const { owner, renewers = [], maxLifetimeMs = brokersChoice } = options
  const api = createDelegationTokenApi
  const principal = owner === undefined ? null : principalIn(owner)
  return askOne(call, toController<null>, async (connection) => {
    const response = await request(
      call,
      connection,
      api,
      (version) => ({
        renewers: renewers.map(principalIn),
        maxLifetimeMs,
        ...(version >= ownerVersion
          ? {
              ownerPrincipalType: principal?.principalType ?? null,
              ownerPrincipalName: principal?.principalName ?? null,
            }
          : {}),
      }),
      owner === undefined ? {} : { min: ownerVersion },
    )
    throwOnError(response.errorCode, connection, api.name)
    return {
      tokenId: response.tokenId,
      hmac: Uint8Array.from(response.hmac),
      owner: textOf(response),
      requester: requesterOf(response),
      renewers,
      issuedMs: response.issueTimestampMs,
      expiresMs: response.expiryTimestampMs,
      maxMs: response.maxTimestampMs,
    }
  })
}

type Requested = Principal & {
  readonly tokenRequesterPrincipalType: string
  readonly tokenRequesterPrincipalName: string
}

const requesterOf = (answer: Requested): string =>
  answer.tokenRequesterPrincipalType === ''
    ? textOf(answer)
    : `${answer.tokenRequesterPrincipalType}:${answer.tokenRequesterPrincipalName}`

export function renewDelegationToken(call: Call, hmac: Uint8Array, renewPeriodMs = brokersChoice): Promise<number> {
  return askOne(call, toController<null>, async (connection) => {
    const response = await request(call, connection, renewDelegationTokenApi, { hmac, renewPeriodMs })
    throwOnError(response.errorCode, connection, renewDelegationTokenApi.name)
    return response.expiryTimestampMs
  })
}

export function expireDelegationToken(call: Call, hmac: Uint8Array, inMs = brokersChoice): Promise<number> {
  return askOne(call, toController<null>, async (connection) => {
    const body = { hmac, expiryTimePeriodMs: inMs }
    const response = await request(call, connection, expireDelegationTokenApi, body)
    throwOnError(response.errorCode, connection, expireDelegationTokenApi.name)
    return response.expiryTimestampMs
  })
}

export function describeDelegationTokens(
  call: Call,
  owners: readonly string[] | undefined,
): Promise<DelegationToken[]> {
  return askOne(call, toController<null>, async (connection) => {
    const body = { owners: owners?.map(principalIn) ?? null }
    const response = await request(call, connection, describeDelegationTokenApi, body)
    throwOnError(response.errorCode, connection, describeDelegationTokenApi.name)
    return response.tokens.map((token) => ({
      tokenId: token.tokenId,
      hmac: Uint8Array.from(token.hmac),
      owner: textOf(token),
      requester: requesterOf(token),
      renewers: token.renewers.map(textOf),
      issuedMs: token.issueTimestamp,
      expiresMs: token.expiryTimestamp,
      maxMs: token.maxTimestamp,
    }))
  })
}
