import type { LaneBytes } from '../../proxy/evidence.ts'
import type { WireWatch } from '../../scenario/watch/watch.ts'
import type { Stream } from '../../toxic.ts'

/** One connection on a link, with all that its tap saw. */
export interface Witnessed {
  link: string
  connection: number
  /** Port of the node, and ours towards the service; undefined: it was never dialled. */
  ports?: { client: number; upstreamLocal: number }
  /** In the order in which they arrived. */
  chunks: { stream: Stream; bytes: Buffer }[]
  /** Once it has ended. */
  ended?: Record<Stream, LaneBytes>
}

/** Keeps the bytes of every connection, as the taps see them. */
export interface Witness extends WireWatch {
  /** All that was seen until now. */
  connections(): Witnessed[]
}

/** What one side of a connection has sent. */
export const laneOf = ({ chunks }: Witnessed, stream: Stream): Buffer =>
  Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes))

export function witness(): Witness {
  const connections = new Map<string, Witnessed>()
  const of = (link: string, connection: number): Witnessed => {
    const key = `${link}#${connection}`
    const known = connections.get(key)
    if (known) return known
    const made: Witnessed = { link, connection, chunks: [] }
    connections.set(key, made)
    return made
  }
  return {
    connections: () =>
      [...connections.values()].map((connection) => ({ ...connection, chunks: [...connection.chunks] })),
    tap: (link, connection, stream) => {
      const { chunks } = of(link, connection)
      return { arrived: (bytes) => void chunks.push({ stream, bytes }), altered: () => {} }
    },
    onEvent: (event) => {
      if (event.kind === 'connection.dialled') {
        const { client, upstreamLocal } = event
        of(event.proxy, event.connection).ports = {
          client: portOf(client),
          upstreamLocal: portOf(upstreamLocal),
        }
      }
      if (event.kind === 'connection.closed') of(event.proxy, event.connection).ended = event.bytes
    },
  }
}

/** The port at the end of `127.0.0.1:3310`. */
export const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))
