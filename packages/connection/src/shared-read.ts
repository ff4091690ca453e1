const readBytesMax = 512 * 1024

/**
 * All sockets of a thread read into this one buffer; what is in it is there until the callback of the read returns.
 * Node's own reading makes 64 KiB for every read: twice the CPU time per byte, frames cut in pieces, and a garbage
 * collector that runs after every few megabytes, on all cores.
 */
export const sharedRead = new Uint8Array(Buffer.allocUnsafeSlow(readBytesMax).buffer)
