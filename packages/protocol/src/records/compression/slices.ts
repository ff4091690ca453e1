/** Decompresses block after block; yields how many bytes have come out so far. */
export type Unpacking = Generator<number, Uint8Array, undefined>

export function inOneGo(unpacking: Unpacking): Uint8Array {
  for (;;) {
    const step = unpacking.next()
    if (step.done === true) return step.value
  }
}

// About two milliseconds of it.
const sliceBytes = 512 * 1024

/** Lets the event loop turn between slices. */
export async function inSlices(unpacking: Unpacking): Promise<Uint8Array> {
  let pauseAtBytes = sliceBytes
  for (;;) {
    const step = unpacking.next()
    if (step.done === true) return step.value
    if (step.value < pauseAtBytes) continue
    pauseAtBytes = step.value + sliceBytes
    await new Promise((resolve) => setImmediate(resolve))
  }
}
