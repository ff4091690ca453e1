import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zeroUuid } from '@millrace/protocol'
import { applyGroupRecord } from './apply.ts'
import { foreignTombstones } from './foreign.ts'
import type { GroupRecord } from './record.ts'
import { decodeGroupRecord, encodeGroupRecord } from './record.ts'
import { createGroupsState } from './state.ts'

// Keys and values are what Apache Kafka 4.3.0 wrote into its __consumer_offsets.

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

function reads(key: string, value: string | null): GroupRecord {
  const record = decodeGroupRecord(hex(key), value === null ? null : hex(value))
  const written = encodeGroupRecord(record)
  assert.deepEqual(written.key, hex(key))
  assert.deepEqual(written.value, value === null ? null : hex(value))
  return record
}

test("a group with a member is read from Kafka's bytes and written as the same", () => {
  const record = reads(
    '0002001a672d6d656d6265722d69642d72657175697265642d3131323939',
    '00030008636f6e73756d657200000001000572616e676500286f6c642d30343939343230652d323634382d343030622d613536322d373632383866386162633961000001a1fd31792b0000000100286f6c642d30343939343230652d323634382d343030622d613536322d373632383866386162633961ffff00036f6c64000a2f3132372e302e302e310000ea60000027100000001200000000000100066f7264657273ffffffff000000086f72646572732d30',
  )
  assert.deepEqual(record, {
    kind: 'group',
    groupId: 'g-member-id-required-11299',
    value: {
      protocolType: 'consumer',
      protocolName: 'range',
      generation: 1,
      leaderId: 'old-0499420e-2648-400b-a562-76288f8abc9a',
      stateSinceMs: 1_795_249_240_363,
      members: [
        {
          memberId: 'old-0499420e-2648-400b-a562-76288f8abc9a',
          groupInstanceId: null,
          clientId: 'old',
          clientHost: '/127.0.0.1',
          rebalanceTimeoutMs: 60_000,
          sessionTimeoutMs: 10_000,
          subscription: hex('00000000000100066f7264657273ffffffff'),
          assignment: text('orders-0'),
        },
      ],
    },
  })
})

test('a new group, and one that is gone', () => {
  const key = '0002001a672d6d656d6265722d69642d72657175697265642d3131323939'
  const record = reads(key, '0003000000000000ffffffff000001a1fd3157bd00000000')
  assert(record.kind === 'group')
  assert.deepEqual(record.value, {
    protocolType: '',
    protocolName: null,
    generation: 0,
    leaderId: null,
    stateSinceMs: 1_795_249_231_805,
    members: [],
  })
  assert.deepEqual(reads(key, null), { kind: 'group', groupId: 'g-member-id-required-11299', value: null })
})

test('an offset with its topic id, and one that is gone', () => {
  const key = '0001001a6f746865722d64656c6574652d6f6666736574732d313132393900087061796d656e747300000000'
  const place = { kind: 'offset', groupId: 'other-delete-offsets-11299', topic: 'payments', partition: 0 }
  const record = reads(key, '00040000000000000001ffffffff01000001a1fd316ca6010010d8497d9846804736abe8e7ebb381adea')
  const value = { offset: 1, leaderEpoch: -1, metadata: '', committedAtMs: 1_795_249_237_158, expiresAtMs: -1 }
  assert.deepEqual(record, { ...place, value: { ...value, topicId: '2El9mEaARzar6Ofrs4Gt6g' } })
  assert.deepEqual(reads(key, null), { ...place, value: null })
})

test('an offset with an expiry of its own is in the one version that has it', () => {
  const record = reads(
    '0001000e732d636f6d6d69742d313132393900066f726465727300000001',
    '000100000000000000090000000001a1fd315b9f000001a1fd684a1f',
  )
  assert(record.kind === 'offset')
  assert.deepEqual(record.value, {
    offset: 9,
    leaderEpoch: -1,
    metadata: '',
    committedAtMs: 1_795_249_232_799,
    expiresAtMs: 1_795_252_832_799,
    topicId: zeroUuid,
  })
})

test('records of a consumer group (KIP-848) are kept as they are, and go in an order that Kafka can replay', () => {
  const state = createGroupsState()
  const member = '00164c734e42375f5f7951644b636448717350362d447677'
  const records: readonly (readonly [string, string])[] = [
    [
      `000500046b383438${member}`,
      '0000000011636f6e736f6c652d636f6e73756d65720b2f3132372e302e302e3102076f726465727301000493e00001000100',
    ],
    ['000300046b383438', '0000000000020100086c45240169b3e9e6'],
    [
      `000700046b383438${member}`,
      '000002905a039d2d1f471497f2fd6d0b306c210900000000000000010000000200000003000000040000000500000006000000070000',
    ],
    ['000600046b383438', '000000000002010008000001a1fd333ce6'],
  ]
  for (const [key, value] of records) applyGroupRecord(state, reads(key, value))
  const group = state.durable.foreign.get('k848')
  assert.equal(group?.type, 'consumer')
  assert.equal(group?.records.size, 4)
  const tombstones = group === undefined ? [] : foreignTombstones(group)
  assert.deepEqual(
    tombstones.map((record) => (record.kind === 'foreign' ? record.key[1] : -1)),
    [7, 6, 5, 3],
  )
  for (const tombstone of tombstones) applyGroupRecord(state, tombstone)
  assert.equal(state.durable.foreign.size, 0)
})

test('a record of a kind that nobody knows changes nothing, and a broken one of ours is refused', () => {
  const state = createGroupsState()
  applyGroupRecord(state, decodeGroupRecord(hex('03e70003616263'), hex('0000')))
  applyGroupRecord(state, decodeGroupRecord(hex('0003ffff'), hex('0000')))
  assert.equal(state.durable.foreign.size, 0)
  assert.throws(() => decodeGroupRecord(hex('00020005'), null), { name: 'WireError' })
  assert.throws(() => decodeGroupRecord(hex('00'), null), { name: 'WireError' })
})
