import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consumerSettings } from './consumer-settings.ts'

const settingsOf = (options: object): unknown => consumerSettings({ bootstrapServers: 'b', ...options })

const names = 'the name of a topic, a list of at least one, or a RegExp'
const partitions = 'a list of at least one { topic, partition }'
const here = { topic: 't', partition: 0 }

for (const [options, message] of [
  [{}, 'a consumer needs topics or an assignment, and not both'],
  [{ topics: 't', assignment: [here] }, 'a consumer needs topics or an assignment, and not both'],
  [{ topics: [], assignment: [here] }, 'a consumer needs topics or an assignment, and not both'],
  [{ topics: '' }, `topics is '', expected ${names}`],
  [{ topics: [] }, `topics is [], expected ${names}`],
  [{ topics: ['a', ' '] }, `topics is [ 'a', ' ' ], expected ${names}`],
  [{ topics: 5 }, `topics is 5, expected ${names}`],
  [{ topics: null }, `topics is null, expected ${names}`],
  [{ assignment: [] }, `assignment is [], expected ${partitions}`],
  [{ assignment: here }, `assignment is { topic: 't', partition: 0 }, expected ${partitions}`],
  [{ assignment: [{ topic: 't' }] }, `assignment is [ { topic: 't' } ], expected ${partitions}`],
  [
    { assignment: [{ topic: 't', partition: -1 }] },
    `assignment is [ { topic: 't', partition: -1 } ], expected ${partitions}`,
  ],
  [{ assignment: [here, { ...here, start: 'earliest' }] }, 'assignment names partition 0 of t twice'],
  [
    { assignment: [{ ...here, start: 'first' }] },
    'first is no place in a partition: expected earliest, latest, { offset } or { timestamp }',
  ],
  [
    { topics: 't', start: null },
    'null is no place in a partition: expected earliest, latest, { offset } or { timestamp }',
  ],
  [{ topics: 't', groupId: '' }, "groupId is '', expected text that is not empty"],
  [{ topics: 't', groupId: 7 }, 'groupId is 7, expected text that is not empty'],
  [{ topics: 't', groupId: 'g', groupInstanceId: '' }, "groupInstanceId is '', expected text that is not empty"],
  [{ topics: 't', groupInstanceId: 'i' }, 'groupInstanceId needs a groupId'],
  [{ topics: 't', atMostOnce: true }, 'atMostOnce needs a groupId: it is the commit that counts'],
  [
    { topics: 't', groupId: 'g', atMostOnce: true, enableAutoCommit: true },
    'atMostOnce stands in place of enableAutoCommit: got true for both, expected one',
  ],
  [{ topics: 't', enableAutoCommit: 'false' }, "enableAutoCommit is 'false', expected true or false"],
  [{ topics: 't', stopAtEnd: 1 }, 'stopAtEnd is 1, expected true or false'],
  [
    { topics: 't', heartbeatIntervalMs: 6_000, sessionTimeoutMs: 6_000 },
    'heartbeatIntervalMs is 6000, expected less than sessionTimeoutMs, which is 6000',
  ],
  [
    { topics: 't', sessionTimeoutMs: 2_000 },
    'heartbeatIntervalMs is 3000, expected less than sessionTimeoutMs, which is 2000',
  ],
  [{ topics: 't', maxPollIntervalMs: Infinity }, 'maxPollIntervalMs is Infinity, expected 1 to 2147483647'],
  [{ topics: 't', fetchMaxBytes: 1.5 }, 'fetchMaxBytes is 1.5, expected a whole number'],
  [
    { topics: 't', partitionAssignmentStrategy: 'range' },
    "partitionAssignmentStrategy is 'range', expected a list of at least one",
  ],
  [
    { topics: 't', partitionAssignmentStrategy: ['Range'] },
    "an assignor of partitionAssignmentStrategy is 'Range', expected range, roundrobin, sticky, cooperative-sticky, " +
      'or { name, protocols, userData, assign } of your own',
  ],
  [{ topics: 't', partitionAssignmentStrategy: ['range', 'range'] }, "two assignors are called 'range'"],
  [
    { topics: 't', autoOffsetReset: 0 },
    'autoOffsetReset is 0, expected earliest, latest, none or by_duration:PnDTnHnMn.nS',
  ],
  [{ topics: 't', onRevoked: 'commit' }, "onRevoked is 'commit', expected a function"],
] as const) {
  test(`${JSON.stringify(options)} is refused with what was given and what is expected`, () => {
    assert.throws(() => settingsOf(options), new RangeError(message))
  })
}
