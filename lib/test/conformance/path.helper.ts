import { expect } from 'chai'
import { ask, type Reply } from '../../api/ask.helper.ts'
import type { ProxyView } from '../../api/views.ts'
import { dial, TestServer, type Peer } from '../../proxy/rig.helper.ts'

/** Both ends of a connection. */
export interface Ends {
  client: Peer
  server: Peer
}

/** A proxy, `a`, before a server of the test's. */
export class Path {
  readonly #url: string
  readonly server: TestServer
  readonly listen: string
  readonly #clients: Peer[] = []

  static async lay(url: string): Promise<Path> {
    const server = await new TestServer().listen()
    const spec = { name: 'a', listen: '127.0.0.1:0', upstream: server.address }
    const { json } = await ask(url, 'POST', '/proxies', spec)
    return new Path(url, server, (json as ProxyView).listen)
  }

  private constructor(url: string, server: TestServer, listen: string) {
    this.#url = url
    this.server = server
    this.listen = listen
  }

  ask(verb: string, path = '', body?: unknown): Promise<Reply> {
    return ask(this.#url, verb, `/proxies/a${path}`, body)
  }

  async add(toxic: object): Promise<void> {
    const { status, text } = await this.ask('POST', '/toxics', toxic)
    expect(status, text).to.equal(200)
  }

  async remove(toxic: string): Promise<void> {
    expect((await this.ask('DELETE', `/toxics/${toxic}`)).status).to.equal(204)
  }

  /** A client that has dialled; nothing is known of the server yet. */
  async dial(): Promise<Peer> {
    const client = await dial(this.listen)
    this.#clients.push(client)
    return client
  }

  /** Both ends of a new connection, reading. */
  async connect(): Promise<Ends> {
    const index = this.server.peers.length
    const client = (await this.dial()).read()
    const server = (await this.server.peer(index)).read()
    return { client, server }
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#clients) socket.destroy()
    this.server[Symbol.dispose]()
  }
}
