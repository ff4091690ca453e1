/** Why records can't be read: broken bytes, a codec that nobody knows, or more than the reader's limit. */
export type CorruptionKind = 'corrupt' | 'unknown-codec' | 'too-large' | 'old-magic'

/** The one error that reading a batch or decompressing it ends in, whatever the bytes are. */
export class CorruptRecordsError extends Error {
  override name = 'CorruptRecordsError'
  readonly kind: CorruptionKind
  constructor(message: string, kind: CorruptionKind = 'corrupt', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}
