import type { LinkFabric } from '../cluster/links.ts'
import type { ToxiproxyApi } from './toxiproxy.ts'

/** The port at the end of `127.0.0.1:3310`. */
const portOf = (listen: string): number => Number(listen.slice(listen.lastIndexOf(':') + 1))

/**
 * Lays each link through our own server and, where a real Toxiproxy stands in front, through that one first: ours
 * then has no toxics and is the tap and the proof.
 *
 *     node → (real Toxiproxy →) our proxy → service
 */
export function linkFabric(own: ToxiproxyApi, front: ToxiproxyApi | undefined): LinkFabric {
  const laid = new Map<string, { upstreamPort: number; port: number }>()
  const lay = async (link: string, upstreamPort: number, note?: (tap: string) => void): Promise<number> => {
    // After a boot that was tried again the service is elsewhere.
    if (laid.delete(link))
      await Promise.all([own, ...(front ? [front] : [])].map((api) => api.removeProxy(link)))
    const tap = await own.createProxy(link, `127.0.0.1:${upstreamPort}`)
    if (front === undefined) return portOf(tap)
    note?.(tap)
    return portOf(await front.createProxy(link, tap))
  }
  return {
    // A node that is started again under its name finds its links as they were.
    open: async (link, upstreamPort, note) => {
      const known = laid.get(link)
      if (known?.upstreamPort === upstreamPort) return known.port
      const port = await lay(link, upstreamPort, note)
      laid.set(link, { upstreamPort, port })
      return port
    },
    servicePorts: async (link) =>
      (await own.connections(link)).map((connection) => portOf(connection.upstream_local)),
  }
}
