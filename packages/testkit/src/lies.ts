import type { Socket } from 'node:net'
import type { Act } from './fake-broker.ts'

const chunkBytes = 64 * 1024

function int32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeInt32BE(value, 4 * i))
  return bytes
}

/** Writes on and on, as fast as the other side reads, until it has had enough. */
function flood(socket: Socket, bytes: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes)) continue
  }
  socket.on('drain', more)
  more()
}

/** Answers that a client must survive: by what is wrong with them. */
export const lies: Readonly<Record<string, Act>> = {
  'a length beyond all bounds': (request, socket) => void socket.write(int32(0x7fff_ffff, request.correlationId)),
  'a negative length': (request, socket) => void socket.write(int32(-5, request.correlationId)),
  'a length too short for an answer': (_request, socket) => void socket.write(int32(2, 0)),
  'the correlation id of nobody': (request, socket) => void socket.write(int32(8, request.correlationId + 7, 0)),
  'an answer without a body': (request, socket) => void socket.write(int32(4, request.correlationId)),
  'counts and lengths beyond the answer': (request, socket) =>
    void socket.write(Buffer.concat([int32(204, request.correlationId), Buffer.from([0]), Buffer.alloc(199, 0xff)])),
  'a count of millions of things that are not there': (request, socket) =>
    void socket.write(Buffer.concat([int32(68, request.correlationId), Buffer.alloc(64, 0x7f)])),
  'answers that nobody asked for, on and on': (request, socket) =>
    flood(socket, Buffer.concat([int32(chunkBytes, request.correlationId + 1), Buffer.alloc(chunkBytes)])),
  'an answer that never ends': (request, socket) => {
    socket.write(int32(200 * 1024 * 1024, request.correlationId))
    const timer = setInterval(() => socket.write(Buffer.alloc(100)), 10)
    socket.on('close', () => clearInterval(timer))
  },
  silence: () => {},
  'the end': (_request, socket) => void socket.destroy(),
}
