import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** From now on every TCP connection that this process has is reset, as by the network, each so many milliseconds. Returns how to end it. */
export function cutConnections(everyMs: number): () => void {
  const sockets = new Set<Socket>()
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { readonly socket: Socket }
    sockets.add(socket.once('close', () => sockets.delete(socket)))
  })
  const timer = setInterval(() => {
    for (const socket of sockets) socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
  }, everyMs)
  return () => clearInterval(timer)
}
