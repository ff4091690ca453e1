import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { ConfigError } from './definition.ts'
import type { SettingType } from './definition.ts'
import { brokerDefinitions, clientMetricsDefinitions, groupDefinitions, topicDefinitions } from './definitions.ts'
import type { Parsed } from './parse.ts'
import { parseSetting } from './parse.ts'

const parse = (type: SettingType, text: string, valid = ''): Parsed =>
  parseSetting({ name: 'a.setting', type, defaultText: null, valid, documentation: null }, text)

const fails = (type: SettingType, text: string, message: string, valid = ''): void =>
  assert.throws(() => parse(type, text, valid), { name: 'ConfigError', message })

test('every default of every table is valid', () => {
  for (const definitions of [brokerDefinitions, topicDefinitions, groupDefinitions, clientMetricsDefinitions]) {
    for (const definition of definitions.values()) {
      if (definition.defaultText !== null) parseSetting({ ...definition, defaultText: null }, definition.defaultText)
    }
  }
})

test('a number prints as it was written, 2^63-1 too, and its value saturates', () => {
  assert.deepEqual(parse('LONG', '9223372036854775807'), {
    value: Number.MAX_SAFE_INTEGER,
    text: '9223372036854775807',
  })
  assert.deepEqual(parse('INT', ' 42 '), { value: 42, text: '42' })
  assert.deepEqual(parse('DOUBLE', '0.5'), { value: 0.5, text: '0.5' })
  assert.deepEqual(parse('DOUBLE', '1'), { value: 1, text: '1.0' })
  assert.equal(parse('DOUBLE', '1.7976931348623157E308').text, '1.7976931348623157E308')
})

test('a number beyond its type is refused', () => {
  fails('INT', '2147483648', 'Invalid value 2147483648 for configuration a.setting: Not a number of type INT')
  fails('SHORT', '40000', 'Invalid value 40000 for configuration a.setting: Not a number of type SHORT')
  fails(
    'LONG',
    '9223372036854775808',
    'Invalid value 9223372036854775808 for configuration a.setting: Not a number of type LONG',
  )
  fails('INT', '1.5', 'Invalid value 1.5 for configuration a.setting: Not a number of type INT')
  fails('INT', '', 'Invalid value  for configuration a.setting: Not a number of type INT')
})

test('bounds are part of the valid values', () => {
  fails('INT', '0', 'Invalid value 0 for configuration a.setting: Value must be at least 1', '[1,...]')
  fails('INT', '18', 'Invalid value 18 for configuration a.setting: Value must be no more than 17', '[1,...,17]')
  assert.equal(parse('INT', '-1', '[1,...,9] or -1').value, -1)
  fails('INT', '0', 'Invalid value 0 for configuration a.setting: Value must be at least 1', '[1,...,9] or -1')
})

test('true and false are the only booleans, in any case', () => {
  assert.equal(parse('BOOLEAN', 'TRUE').value, true)
  fails('BOOLEAN', 'yes', 'Invalid value yes for configuration a.setting: Expected value to be either true or false')
})

test('a list loses its blanks and repeats, and an empty text is an empty list', () => {
  assert.deepEqual(parse('LIST', 'a , b,a'), { value: ['a', 'b'], text: 'a,b' })
  assert.deepEqual(parse('LIST', ''), { value: [], text: '' })
  fails('LIST', 'a,,b', "Configuration 'a.setting' values must not be empty.")
  fails(
    'LIST',
    '',
    "Configuration 'a.setting' must not be empty. Valid values include: any non-empty value",
    'non-empty list',
  )
})

test('a choice must be one of those there are', () => {
  const valid = '[compact, delete]'
  assert.deepEqual(parse('LIST', 'compact,delete', valid).value, ['compact', 'delete'])
  fails(
    'LIST',
    'shred',
    'Invalid value shred for configuration a.setting: String must be one of: compact, delete',
    valid,
  )
  assert.equal(parse('STRING', 'es256', '(case insensitive) [ES256, RS256]').value, 'es256')
})

test('throttled replicas are pairs or a star', () => {
  const valid = '[partitionId]:[brokerId],[partitionId]:[brokerId],...'
  for (const text of ['*', '0:1,1:2', '']) parse('LIST', text, valid)
  assert.throws(() => parse('LIST', '0-1', valid), ConfigError)
})

test('integers of every type are read back as they print', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      assert.equal(parse('LONG', value.toString()).text, value.toString())
    }),
  )
})

test('no text makes parsing fail with anything but a ConfigError', () => {
  const definitions = [...brokerDefinitions.values(), ...topicDefinitions.values()]
  fc.assert(
    fc.property(fc.constantFrom(...definitions), fc.string(), (definition, text) => {
      try {
        parseSetting(definition, text)
      } catch (error) {
        assert.ok(error instanceof ConfigError)
      }
    }),
  )
})
