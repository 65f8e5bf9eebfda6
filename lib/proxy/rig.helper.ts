/** What the tests of the engine share: real sockets on loopback, on ports of the system's choice. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { defineToxic, type ToxicDefinition } from '../toxic.ts'
import { poll } from '../util/poll.ts'
import { parseAddress } from './address.ts'
import { defaultsOf } from './attributes.ts'
import { Proxies } from './proxies.ts'
import type { ProxyContext } from './context.ts'
import type { ProxyEvent } from './events.ts'
import type { Proxy } from './proxy.ts'
import type { ToxicSpec } from './toxics.ts'

/** One end of a connection under test: remembers what came and how it ended. */
export class Peer {
  readonly socket: Socket
  received = Buffer.alloc(0)
  ended = false
  /** The system's code, `ECONNRESET`. */
  error: string | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('end', () => (this.ended = true))
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code))
  }

  /** Begins to read; until then it is a peer that has stopped reading. */
  read(): this {
    this.socket.on('data', (bytes) => (this.received = Buffer.concat([this.received, bytes])))
    return this
  }

  async receives(text: string): Promise<void> {
    await until(`receives ${text}`, () => this.received.toString() === text)
  }

  async isReset(): Promise<void> {
    await until('is reset', () => this.error === 'ECONNRESET')
  }

  async hasEnded(): Promise<void> {
    await until('has ended', () => this.ended)
  }

  /** Both were closed by the proxy, by FIN or (with data unread) by RST. */
  async isEndedWith(opposite: Peer): Promise<void> {
    for (const peer of [this, opposite]) {
      await until('the connection has ended', () => peer.ended || peer.error !== undefined)
    }
  }
}

export const until = (what: string, holds: () => boolean): Promise<true> =>
  poll(() => holds() || undefined, { what, deadlineMs: 5000, everyMs: 1 })

export async function dial(address: string): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port: portOf(address), allowHalfOpen: true })
  const peer = new Peer(socket)
  await once(socket, 'connect')
  return peer
}

export const portOf = (address: string): number => parseAddress(address)?.port ?? 0

/** A server whose connections are peers, in the order of their arrival. */
export class TestServer {
  readonly peers: Peer[] = []
  readonly #server: Server

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.peers.push(new Peer(socket)))
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The nth connection, once it has come. */
  async peer(index: number): Promise<Peer> {
    await until(`connection ${index}`, () => this.peers.length > index)
    return this.peers[index] as Peer
  }

  [Symbol.dispose](): void {
    this.#server.close()
    for (const { socket } of this.peers) socket.destroy()
  }
}

/** A proxy before a test server, and what happened on it. */
export class Rig {
  readonly server: TestServer
  readonly proxies: Proxies
  readonly proxy: Proxy
  readonly events: ProxyEvent[]
  readonly #clients: Peer[] = []

  constructor(server: TestServer, proxies: Proxies, proxy: Proxy, events: ProxyEvent[]) {
    this.server = server
    this.proxies = proxies
    this.proxy = proxy
    this.events = events
  }

  /** A client and its opposite, both reading unless told. */
  async connect(options: { reading?: boolean; to?: Proxy } = {}): Promise<{ client: Peer; server: Peer }> {
    const { to = this.proxy } = options
    const index = this.server.peers.length
    const client = await dial(to.listen)
    this.#clients.push(client)
    const server = await this.server.peer(index)
    if (options.reading !== false) {
      client.read()
      server.read()
    }
    await until('the connection is open', () => to.connections().at(-1)?.upstreamLocal !== '')
    return { client, server }
  }

  [Symbol.dispose](): void {
    this.proxies.close()
    this.server[Symbol.dispose]()
    for (const { socket } of this.#clients) socket.destroy()
  }
}

export async function rig(toxics: ToxicSpec[] = [], context: Partial<ProxyContext> = {}): Promise<Rig> {
  const server = await new TestServer().listen()
  const events: ProxyEvent[] = []
  const onEvent = (event: ProxyEvent) => void events.push(event)
  const proxies = new Proxies({ seed: 'seed', budget: { held: 0 }, dialMs: 5000, onEvent, ...context })
  const proxy = await proxies.create({ name: 'p', upstream: server.address, toxics })
  return new Rig(server, proxies, proxy, events)
}

/** A toxic with all that may be left out. */
export const spec = (definition: ToxicDefinition, given: Partial<ToxicSpec> = {}): ToxicSpec => ({
  name: definition.type,
  definition,
  stream: 'upstream',
  toxicity: 1,
  ...given,
  attributes: { ...defaultsOf(definition), ...given.attributes },
})

/** The changes among what happened on a proxy, each with its toxic: `toxic.added delay`. */
export const changesIn = (events: readonly ProxyEvent[]): string[] =>
  events
    .filter(({ kind }) => kind !== 'toxic.acted' && /^(toxic|disabl|enabl|removed)/.test(kind))
    .map((event) => ('toxic' in event ? `${event.kind} ${event.toxic.name}` : event.kind))

/** Delays each chunk by `ms`. */
export const delay = defineToxic({
  type: 'delay',
  about: 'For tests.',
  attributes: { ms: { unit: 'ms', min: 0, about: '' } },
  open: (lane) => ({ data: (chunk) => lane.send(chunk, chunk.at + lane.attributes.ms) }),
})

/** Holds all until it is removed. */
export const holder = defineToxic({
  type: 'holder',
  about: 'For tests.',
  attributes: {},
  open: (lane) => ({ data: (chunk) => lane.hold(chunk) }),
})

/** Swallows all. */
export const swallow = defineToxic({
  type: 'swallow',
  about: 'For tests.',
  attributes: {},
  closesWhenRemoved: true,
  open: (lane) => ({ data: (chunk) => lane.drop(chunk) }),
})
