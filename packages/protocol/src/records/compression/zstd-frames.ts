// RFC 8878: a frame is its header, blocks that each say their size, and maybe a checksum.
const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const dictionaryIdBytes = [0, 1, 2, 4] as const
const contentSizeBytes = [0, 2, 4, 8] as const

/**
 * Raises where the last frame isn't whole. node:zlib before Node 26 takes what it got of one for all of it. Only sizes
 * are looked at: bytes that aren't zstd's are left to the decoder.
 */
export function assertWholeFrames(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  do {
    if (at + 8 > bytes.length) throw endsEarly(bytes)
    const magic = view.getUint32(at, true)
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) at += 8 + view.getUint32(at + 4, true)
    else if (magic === frameMagic) at = endOfFrame(bytes, at)
    else return
  } while (at < bytes.length)
  if (at > bytes.length) throw endsEarly(bytes)
}

function endOfFrame(bytes: Uint8Array, start: number): number {
  const descriptor = bytes[start + 4] ?? 0
  const hasChecksum = (descriptor & 0x04) !== 0
  let at = start + headerBytes(descriptor)
  for (let isLast = false; !isLast;) {
    if (at + 3 > bytes.length) throw endsEarly(bytes)
    const header = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
    isLast = (header & 1) === 1
    const isOneByteRepeated = ((header >>> 1) & 3) === 1
    at += 3 + (isOneByteRepeated ? 1 : header >>> 3)
  }
  return at + (hasChecksum ? 4 : 0)
}

function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSize = contentSizeBytes[(descriptor >>> 6) as 0 | 1 | 2 | 3]
  const dictionaryId = dictionaryIdBytes[(descriptor & 3) as 0 | 1 | 2 | 3]
  // A single segment has no window descriptor, but a content size always.
  return 5 + dictionaryId + (isSingleSegment ? Math.max(1, contentSize) : 1 + contentSize)
}

const endsEarly = (bytes: Uint8Array): Error => new Error(`its ${bytes.length} bytes end within a frame`)
