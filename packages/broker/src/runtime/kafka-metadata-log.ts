// What Apache Kafka's own metadata log (`__cluster_metadata-0`) says of settings and producer ids. Its records are
// varint(frame version) varint(record type) varint(record version) body, bodies in Kafka's flexible encoding:
//   ConfigRecord (4): int8 type, compact string resource, compact string name, compact nullable string value
//   RemoveTopicRecord (9): uuid topic id      TopicRecord (2): compact string name, uuid topic id
//   ProducerIdsRecord (15): int32 broker, int64 broker epoch, int64 next producer id
import { batches, batchField, batchAttribute, readRecords } from '@millrace/protocol'
import type { ConfigResourceType } from '@millrace/machines'
import type { FileSystem } from '@millrace/storage'

export interface StoredSettings {
  readonly type: ConfigResourceType
  readonly name: string
  readonly configs: Map<string, string>
}

export interface KafkaMetadata {
  /** By resource. */
  readonly settings: readonly StoredSettings[]
  /** The first producer id that no broker has been given. */
  readonly nextProducerId: number
}

const recordType = { topic: 2, config: 4, removeTopic: 9, producerIds: 15 } as const
const resourceTypes: ReadonlyMap<number, ConfigResourceType> = new Map([
  [2, 'topic'],
  [4, 'broker'],
  [16, 'client-metrics'],
  [32, 'group'],
])

const folderName = '__cluster_metadata-0'

/** What an Apache Kafka cluster kept; nothing where the directory has no metadata log. */
export function readKafkaMetadata(fileSystem: FileSystem, directory: string): KafkaMetadata {
  const folder = `${directory}/${folderName}`
  const names = (fileSystem.list(folder) ?? []).map(({ name }) => name).toSorted()
  const state = new MetadataState()
  // The newest snapshot holds all that was before it; offsets in names have leading zeros.
  const snapshot = names.filter((name) => name.endsWith('.checkpoint')).at(-1)
  const logs = names.filter((name) => name.endsWith('.log'))
  for (const name of snapshot === undefined ? logs : [snapshot, ...logs]) {
    const bytes = fileSystem.readFile(`${folder}/${name}`)
    if (bytes !== undefined)
      applyFile(bytes, state, snapshot === undefined || name === snapshot ? 0 : offsetOf(snapshot))
  }
  return state
}

const offsetOf = (name: string): number => Number(/^\d+/.exec(name)?.[0] ?? 0)

function applyFile(bytes: Uint8Array, state: MetadataState, fromOffset: number): void {
  for (const position of batches(bytes)) {
    if ((batchField.attributes(bytes, position) & batchAttribute.control) !== 0) continue
    for (const { value, offset } of readRecords(bytes, {}, position)) {
      if (value !== null && offset >= fromOffset) state.apply(value)
    }
  }
}

class MetadataState implements KafkaMetadata {
  nextProducerId = 0
  readonly #byResource = new Map<string, StoredSettings>()
  readonly #topicNames = new Map<string, string>()

  get settings(): readonly StoredSettings[] {
    return [...this.#byResource.values()].filter(({ configs }) => configs.size > 0)
  }

  apply(value: Uint8Array): void {
    const reader = new RecordReader(value)
    reader.varint()
    const type = reader.varint()
    reader.varint()
    if (type === recordType.config) this.#config(reader)
    else if (type === recordType.topic) {
      const name = reader.string() ?? ''
      this.#topicNames.set(reader.uuid(), name)
    } else if (type === recordType.removeTopic) {
      const name = this.#topicNames.get(reader.uuid())
      if (name !== undefined) this.#byResource.delete(`topic/${name}`)
    } else if (type === recordType.producerIds) {
      reader.skip(4 + 8)
      this.nextProducerId = reader.int64()
    }
  }

  #config(reader: RecordReader): void {
    const type = resourceTypes.get(reader.byte())
    const resource = reader.string() ?? ''
    const name = reader.string() ?? ''
    const value = reader.string()
    if (type === undefined) return
    const key = `${type}/${resource}`
    const stored = this.#byResource.get(key) ?? { type, name: resource, configs: new Map<string, string>() }
    this.#byResource.set(key, stored)
    if (value === null) stored.configs.delete(name)
    else stored.configs.set(name, value)
  }
}

class RecordReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  byte(): number {
    this.#at += 1
    return this.#bytes.readInt8(this.#at - 1)
  }

  skip(byteCount: number): void {
    this.#at += byteCount
  }

  int64(): number {
    this.#at += 8
    return Number(this.#bytes.readBigInt64BE(this.#at - 8))
  }

  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte >= 0) return value >>> 0
    }
    throw new Error('a record of the metadata log holds a number of more than five bytes')
  }

  string(): string | null {
    const length = this.varint() - 1
    if (length < 0) return null
    this.#at += length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }

  uuid(): string {
    this.#at += 16
    return this.#bytes.toString('base64url', this.#at - 16, this.#at)
  }
}
