import type { SocketConstructorOpts } from 'node:net'
import { Socket } from 'node:net'

/**
 * Sockets read into this one buffer. Node's own reading makes 64 KiB for every read: twice the CPU time per byte, frames
 * cut in pieces, and a garbage collector that runs after every few megabytes (benchmarks: 0.33 against 0.5 to 0.8 s per
 * GB for reading alone).
 */
const readBytesMax = 512 * 1024
const shared = new Uint8Array(Buffer.allocUnsafeSlow(readBytesMax).buffer)

/**
 * Lends what an accepted socket brings to `received`: the bytes are there until it returns. The socket to go on with is
 * returned. It was accepted with `pauseOnConnect`, so that nothing has been read yet.
 */
export function readShared(accepted: Socket, received: (chunk: Uint8Array) => void): Socket {
  const handle = takeHandle(accepted)
  if (handle === null) {
    accepted.on('data', received)
    accepted.resume()
    return accepted
  }
  const onread = {
    buffer: shared,
    callback(sizeBytes: number): boolean {
      received(shared.subarray(0, sizeBytes))
      return true
    },
  }
  const socket = new Socket({ handle, onread, readable: true, writable: true } as SocketConstructorOpts)
  socket.resume()
  return socket
}

/** Only a socket that a program connects can be given a buffer to read into, so another one takes the handle over. */
function takeHandle(accepted: Socket): object | null {
  const holder: Socket & { _handle?: object | null } = accepted
  // oxlint-disable no-underscore-dangle -- Node's name; without it the socket is read in Node's own way
  const handle = holder._handle ?? null
  if (handle !== null) holder._handle = null
  // oxlint-enable no-underscore-dangle
  return handle
}
