// Short, for what a long answer begins with is copied to where the rest of it is read to.
const readBytesMax = 16 * 1024

/**
 * All sockets of a thread read into this one buffer what isn't the rest of an answer; what is in it is there until the
 * callback of the read returns. Node's own reading makes 64 KiB for every read: twice the CPU time per byte, frames cut
 * in pieces, and a garbage collector that runs after every few megabytes, on all cores.
 */
export const sharedRead = new Uint8Array(Buffer.allocUnsafeSlow(readBytesMax).buffer)
