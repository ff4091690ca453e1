import { wrong } from '../cluster/checked.ts'

// Kafka's numbers on the wire, and the names that the API has for them.

/** Both ways between names and numbers. */
export interface Names<Name extends string> {
  /** Throws a RangeError at a word that isn't in the table: on the wire it would be the number of something else. */
  readonly numberOf: (name: Name) => number
  /** 'unknown' for a number of a newer Kafka. */
  readonly nameOf: (number: number) => Name | 'unknown'
}

/** `what` says in messages what the names are names of. */
export function names<const Name extends string>(what: string, table: Readonly<Record<Name, number>>): Names<Name> {
  const byNumber = new Map(Object.entries<number>(table).map(([name, number]) => [number, name as Name]))
  return {
    numberOf: (name) => wordIn(what, table, name),
    nameOf: (number) => byNumber.get(number) ?? 'unknown',
  }
}

/** What the table has for a word. Throws a RangeError where it has nothing: who writes JavaScript may give anything. */
export function wordIn<const Name extends string, T>(what: string, table: Readonly<Record<Name, T>>, word: Name): T {
  if (Object.hasOwn(table, word)) return table[word]
  throw wrong(what, word, `one of ${Object.keys(table).join(', ')}`)
}

/** What may be done to a resource (org.apache.kafka.common.acl.AclOperation). */
export type AclOperation =
  | 'all'
  | 'read'
  | 'write'
  | 'create'
  | 'delete'
  | 'alter'
  | 'describe'
  | 'cluster-action'
  | 'describe-configs'
  | 'alter-configs'
  | 'idempotent-write'
  | 'create-tokens'
  | 'describe-tokens'
  | 'two-phase-commit'

export const aclOperations = names<AclOperation | 'any'>('operation', {
  any: 1,
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  'cluster-action': 9,
  'describe-configs': 10,
  'alter-configs': 11,
  'idempotent-write': 12,
  'create-tokens': 13,
  'describe-tokens': 14,
  'two-phase-commit': 15,
})

// What a broker says that doesn't tell, because it wasn't asked or is too old.
const notTold = -2_147_483_648

/** The operations of a bit set of KIP-430, or null where it isn't told. */
export function operationsOf(bits: number): readonly AclOperation[] | null {
  if (bits === notTold) return null
  const numbers = Array.from({ length: 31 }, (_, number) => number).filter((number) => (bits & (1 << number)) !== 0)
  return numbers.flatMap((number): AclOperation[] => {
    const name = aclOperations.nameOf(number)
    return name === 'unknown' || name === 'any' ? [] : [name]
  })
}
