import type { AdminCallOptions } from './call.ts'
import type { AclOperation } from './names.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import type { ValidateOptions } from './topics-api.ts'

/** What may be guarded. */
export type AclResourceType = 'topic' | 'group' | 'cluster' | 'transactional-id' | 'delegation-token' | 'user'

/** That somebody may, or may not, do something to a resource. */
export interface AclBinding {
  readonly resourceType: AclResourceType
  /** `kafka-cluster` for the cluster, `*` for all of a type. */
  readonly resourceName: string
  /** Whether the name is whole or what names begin with; default literal. */
  readonly patternType?: 'literal' | 'prefixed'
  /** Such as `User:alice`; `User:*` is everybody. */
  readonly principal: string
  /** An address, or `*` (the default) for all. */
  readonly host?: string
  readonly operation: AclOperation
  /** Default allow. */
  readonly permission?: 'allow' | 'deny'
}

/** What a binding must be like; what isn't given may be anything. */
export interface AclFilter {
  readonly resourceType?: AclResourceType
  readonly resourceName?: string
  /** `match` finds all that apply to a resource of that name: literal, prefixed and `*`. Default any. */
  readonly patternType?: 'literal' | 'prefixed' | 'match' | 'any'
  readonly principal?: string
  readonly host?: string
  readonly operation?: AclOperation
  readonly permission?: 'allow' | 'deny'
}

/** A binding that matched a filter; where it could not be deleted, why. */
export interface DeletedAcl {
  readonly binding: Required<AclBinding>
  readonly outcome: Outcome<null>
}

/** Whom a quota is for: one or two of these; null is everybody who has none of their own. */
export interface QuotaEntity {
  readonly user?: string | null
  readonly clientId?: string | null
  readonly ip?: string | null
}

/** Which entities of one kind. */
export interface QuotaMatch {
  readonly entity: keyof QuotaEntity
  /** null: the default; not given: any that is named. */
  readonly name?: string | null
}

/** Which quotas. */
export interface QuotaFilter {
  /** All must match; none given finds all quotas. */
  readonly matches?: readonly QuotaMatch[]
  /** Whether entities may have no others than those. Default false. */
  readonly strict?: boolean
}

/** The quotas of an entity, by their names. */
export interface ClientQuota {
  readonly entity: QuotaEntity
  /** `producer_byte_rate` and `consumer_byte_rate` in B/s, `request_percentage`, `controller_mutation_rate`, ... */
  readonly quotas: Readonly<Record<string, number>>
}

/** Changes of the quotas of an entity. */
export interface QuotaAlteration {
  readonly entity: QuotaEntity
  /** Values to set; null takes one away. */
  readonly quotas: Readonly<Record<string, number | null>>
}

/** The mechanisms that Kafka keeps credentials for. */
export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

/** What is told of a credential: never the password. */
export interface ScramCredential {
  readonly mechanism: ScramMechanism | 'unknown'
  readonly iterations: number
}

/** Gives a user a password, or takes a mechanism away. */
export type ScramAlteration =
  | {
      readonly user: string
      readonly mechanism: ScramMechanism
      readonly password: string | Uint8Array
      /** 4,096 (the default) to 16,384. */
      readonly iterations?: number
      /** 32 random bytes where not given. */
      readonly salt?: Uint8Array
    }
  | { readonly user: string; readonly mechanism: ScramMechanism; readonly delete: true }

/** A token that stands for its owner (KIP-48); times in ms since the Unix epoch. */
export interface DelegationToken {
  readonly tokenId: string
  /** Its password for SASL/SCRAM is this in base64. */
  readonly hmac: Uint8Array
  /** Such as `User:alice`. */
  readonly owner: string
  /** Who asked for it; the owner on brokers older than 3.3. */
  readonly requester: string
  readonly renewers: readonly string[]
  /** Milliseconds since the Unix epoch; renewing goes no further than `maxMs`. */
  readonly issuedMs: number
  readonly expiresMs: number
  readonly maxMs: number
}

/** How to make a token. */
export interface CreateTokenOptions extends AdminCallOptions {
  /** Such as `User:alice`; ourselves where not given. Needs Kafka 3.3. */
  readonly owner?: string
  /** Who may renew it besides its owner. */
  readonly renewers?: readonly string[]
  /** The broker's `delegation.token.max.lifetime.ms` where not given. */
  readonly maxLifetimeMs?: number
}

/** Who may do what, how much of it, and how they say who they are. */
export interface SecurityApi {
  /**
   * The bindings that match; all where no filter is given. Rejects with SECURITY_DISABLED where the brokers have no
   * authorizer, or CLUSTER_AUTHORIZATION_FAILED. Kafka: DescribeAcls (KIP-140, KIP-290).
   *
   * @example
   * const ofOrders = await admin.describeAcls({ resourceType: 'topic', resourceName: 'orders', patternType: 'match' })
   */
  describeAcls(filter?: AclFilter, options?: AdminCallOptions): Promise<Required<AclBinding>[]>

  /**
   * Adds bindings; outcomes are in the order given. One that is there already is no failure.
   *
   * Fails with SECURITY_DISABLED, INVALID_REQUEST or CLUSTER_AUTHORIZATION_FAILED. Kafka: CreateAcls (KIP-140).
   *
   * @example
   * await admin.createAcls([
   *   { resourceType: 'topic', resourceName: 'orders', principal: 'User:alice', operation: 'read' },
   * ])
   */
  createAcls(bindings: readonly AclBinding[], options?: AdminCallOptions): Promise<readonly Outcome<null>[]>

  /**
   * Deletes the bindings that match each filter; outcomes are in the order of the filters and hold what matched.
   *
   * Fails with SECURITY_DISABLED or CLUSTER_AUTHORIZATION_FAILED. Kafka: DeleteAcls (KIP-140).
   *
   * @example
   * await admin.deleteAcls([{ principal: 'User:alice' }])
   */
  deleteAcls(
    filters: readonly AclFilter[],
    options?: AdminCallOptions,
  ): Promise<readonly Outcome<readonly DeletedAcl[]>[]>

  /**
   * The quotas that match; all where no filter is given. Rejects with CLUSTER_AUTHORIZATION_FAILED or INVALID_REQUEST.
   * Kafka: DescribeClientQuotas (KIP-546), from 2.6 on.
   *
   * @example
   * const quotas = await admin.describeClientQuotas({ matches: [{ entity: 'user', name: 'alice' }] })
   */
  describeClientQuotas(filter?: QuotaFilter, options?: AdminCallOptions): Promise<ClientQuota[]>

  /**
   * Sets quotas and takes them away; outcomes are in the order given.
   *
   * Fails with INVALID_REQUEST or CLUSTER_AUTHORIZATION_FAILED. Kafka: AlterClientQuotas (KIP-546), from 2.6 on.
   *
   * @example
   * await admin.alterClientQuotas([{ entity: { user: 'alice' }, quotas: { producer_byte_rate: 1_048_576 } }])
   */
  alterClientQuotas(
    alterations: readonly QuotaAlteration[],
    options?: ValidateOptions,
  ): Promise<readonly Outcome<null>[]>

  /**
   * Which mechanisms users have a password for (default: all users); under the user's name.
   *
   * Fails with RESOURCE_NOT_FOUND for a user without any, or CLUSTER_AUTHORIZATION_FAILED. Kafka:
   * DescribeUserScramCredentials (KIP-554), from 2.7 on; with KRaft from 3.5 on.
   *
   * @example
   * const users = await admin.describeUserScramCredentials()
   */
  describeUserScramCredentials(
    users?: readonly string[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<readonly ScramCredential[]>>

  /**
   * Gives users passwords and takes them away; under the user's name. Brokers change one thing of a user at a time: of
   * several they happen in the order given, up to the first that fails. The password is salted here (PBKDF2, off the
   * event loop) and never sent.
   *
   * Fails with UNACCEPTABLE_CREDENTIAL, RESOURCE_NOT_FOUND (deleting what isn't there) or CLUSTER_AUTHORIZATION_FAILED.
   * Kafka: AlterUserScramCredentials (KIP-554), from 2.7 on; with KRaft from 3.5 on.
   *
   * @example
   * await admin.alterUserScramCredentials([{ user: 'alice', mechanism: 'SCRAM-SHA-512', password: 'secret' }])
   */
  alterUserScramCredentials(
    alterations: readonly ScramAlteration[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<null>>

  /**
   * Makes a token with which its owner can be somebody else's client. The connection has to be authenticated, and not
   * by a token.
   *
   * Rejects with DELEGATION_TOKEN_AUTH_DISABLED, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, INVALID_PRINCIPAL_TYPE or
   * DELEGATION_TOKEN_AUTHORIZATION_FAILED. Kafka: CreateDelegationToken (KIP-48, KIP-373); with KRaft from 3.6 on.
   *
   * @example
   * const token = await admin.createDelegationToken({ renewers: ['User:scheduler'], maxLifetimeMs: 86_400_000 })
   */
  createDelegationToken(options?: CreateTokenOptions): Promise<DelegationToken>

  /**
   * Lets a token live longer, by `periodMs` (default: the broker's `delegation.token.expiry.time.ms`); gives the time
   * when it expires, in ms since the Unix epoch.
   *
   * Rejects with DELEGATION_TOKEN_NOT_FOUND, DELEGATION_TOKEN_EXPIRED, DELEGATION_TOKEN_OWNER_MISMATCH, or as
   * `createDelegationToken` does. Kafka: RenewDelegationToken (KIP-48).
   *
   * @example
   * const expiresMs = await admin.renewDelegationToken(token.hmac, { periodMs: 3_600_000 })
   */
  renewDelegationToken(hmac: Uint8Array, options?: AdminCallOptions & { readonly periodMs?: number }): Promise<number>

  /**
   * Has a token expire in `inMs` (default: now); gives that time. Rejects as `renewDelegationToken` does. Kafka:
   * ExpireDelegationToken (KIP-48).
   *
   * @example
   * await admin.expireDelegationToken(token.hmac)
   */
  expireDelegationToken(hmac: Uint8Array, options?: AdminCallOptions & { readonly inMs?: number }): Promise<number>

  /**
   * The tokens of these owners (default: all) that we may see. Rejects as `createDelegationToken` does. Kafka:
   * DescribeDelegationToken (KIP-48).
   *
   * @example
   * const tokens = await admin.describeDelegationTokens(['User:alice'])
   */
  describeDelegationTokens(owners?: readonly string[], options?: AdminCallOptions): Promise<DelegationToken[]>
}
