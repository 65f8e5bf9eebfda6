import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { formatAddress } from '../proxy/address.ts'
import type { Evidence } from '../proxy/evidence.ts'
import type { Frozen } from '../proxy/connections.ts'
import type { NamesOf } from '../proxy/front/amqp/match.ts'
import type { Tap } from '../proxy/tap.ts'
import { ListenError } from '../proxy/listener.ts'
import { Proxies } from '../proxy/proxies.ts'
import type { ProxyEvent } from '../proxy/events.ts'
import { NameTaken } from '../proxy/toxics.ts'
import type { Stream, ToxicDefinition } from '../toxic.ts'
import { messageOf } from '../util/errors.ts'
import type { Answer, Service } from './call.ts'
import { ApiError } from './errors.ts'
import { EventFeed } from './events.ts'
import { admit, type Access } from './guard.ts'
import { proxySpecs } from './input.ts'
import { BodyTooLarge, readJson } from './json.ts'
import { metricsOf } from './metrics.ts'
import { findRoute } from './routes.ts'
import { proxyView, type ProxyView } from './views.ts'

export interface ToxiproxyOptions {
  /** The toxics that it knows. */
  toxics: readonly ToxicDefinition[]
  /** Decides every random choice, together with the names of proxy and toxic and the connection's number. */
  seed: string
  /** Default 127.0.0.1. */
  host?: string
  /** Default 0: one of the system's choice. Toxiproxy's own is 8474. */
  port?: number
  /** Without it no request is answered, if there is one. */
  token?: string | undefined
  /** Serves GET /metrics. Default false. */
  metrics?: boolean
  /** Until an unanswered dial to an upstream is given up. Default 10 s. */
  dialMs?: number
  /** Told of each request that changed something, and of what failed. */
  log?: (line: string) => void
  onEvent?: (event: ProxyEvent) => void
  /** Gives the tap of a connection's lane, if there is to be one. */
  tap?: (proxy: string, connection: number, stream: Stream) => Tap | undefined
  /**
   * Whether a proxy's connections are followed from their beginning, so that toxics can act on messages of those that are
   * open. Without it they can on connections that are opened after the toxic was set.
   */
  follows?: (proxy: string) => boolean
  /** Gives the names of what a call is about, for toxics that match names; without it only ids match. */
  namesOf?: NamesOf
}

/** A server that speaks Toxiproxy's HTTP API, with its proxies. */
export interface RunningToxiproxy extends AsyncDisposable {
  /** `http://127.0.0.1:40112` */
  readonly url: string
  readonly host: string
  readonly port: number
  proxies(): ProxyView[]
  /**
   * The same as POST /populate.
   * @throws {ApiError} @throws {ListenError} and nothing has changed.
   */
  populate(proxies: unknown): Promise<ProxyView[]>
  /** Stops what passes through some proxies, at once; unknown names are left out. */
  freeze(proxies: readonly string[]): Frozen
  /** Undefined if there is no proxy of that name. */
  evidence(proxy: string): Evidence | undefined
  /** Ends the listeners, all sockets and all timers at once. */
  close(): Promise<void>
}

const DIAL_MS = 10_000

/** Clients keep connections that are idle, as Toxiproxy lets them for long; Node would end them after 5 s. */
const IDLE_MS = 60_000

/** @throws the system's error if the port cannot be had. */
export async function startToxiproxy(options: ToxiproxyOptions): Promise<RunningToxiproxy> {
  const { toxics, seed, host = '127.0.0.1', port = 0, token, log = () => {} } = options
  const feed = new EventFeed()
  const proxies = new Proxies({
    seed,
    dialMs: options.dialMs ?? DIAL_MS,
    budget: { held: 0 },
    onEvent: (event) => {
      if (event.kind === 'failed') log(`${event.proxy}: ${event.what}: ${event.error}`)
      feed.tell(event)
      options.onEvent?.(event)
    },
    ...(options.tap && { tap: options.tap }),
    ...(options.follows && { follows: options.follows }),
    ...(options.namesOf && { namesOf: options.namesOf }),
  })
  const metrics = options.metrics ? metricsOf(proxies) : undefined
  const service = { proxies, definitions: toxics, feed, metrics }
  const server = createServer((request, response) => {
    void answer(request, response, { service, access: { host, token }, log })
  })
  server.keepAliveTimeout = IDLE_MS
  const bound = await listen(server, host, port)
  const close = async () => {
    proxies.close()
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  return {
    url: `http://${formatAddress(bound.address, bound.port)}`,
    host: bound.address,
    port: bound.port,
    proxies: () => proxies.list().map(proxyView),
    populate: async (body) => (await proxies.populate(proxySpecs(body, toxics))).map(proxyView),
    freeze: (names) => {
      const frozen = names.flatMap((name) => proxies.get(name)?.freeze() ?? [])
      return {
        thaw: () => {
          for (const one of frozen) one.thaw()
        },
        drop: (by) => {
          for (const one of frozen) one.drop(by)
        },
      }
    },
    evidence: (name) => proxies.get(name)?.evidence(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server.address() as AddressInfo))
  })
}

interface Context {
  service: Service
  access: Access
  log: (line: string) => void
}

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const { method = '', headers } = request
  const admitted = admit(request, context.access)
  if ('refused' in admitted) return refuse(response, admitted)
  const { path } = admitted
  const route = findRoute(method, path)
  if (route === 404) return text(response, 404, '404 page not found')
  if (route === 405) return void response.writeHead(405, { 'Content-Length': 0 }).end()
  response.setHeader('X-Toxiproxy-Request-Id', randomUUID())
  try {
    const call = { ...context.service, names: route.names, headers, body: () => readJson(request) }
    const made = await route.handle(call)
    if (method !== 'GET') context.log(`${method} ${path}: ${made.status}`)
    write(response, made)
  } catch (thrown) {
    const error = apiError(thrown)
    context.log(`${method} ${path}: ${error.status} ${error.message}`)
    if (thrown instanceof BodyTooLarge) response.setHeader('Connection', 'close')
    fail(response, error)
  }
}

/** A page may not even learn what kind of server this is; a client that lacks the token is told so. */
function refuse(response: ServerResponse, { refused, status }: { refused: string; status: 401 | 403 }): void {
  if (status === 403) return text(response, status, refused)
  response.setHeader('WWW-Authenticate', 'Bearer')
  fail(response, new ApiError('tokenRequired', refused))
}

/** Toxiproxy labels its errors as text, and ends them with a line feed. */
const fail = (response: ServerResponse, { status, message }: ApiError): void =>
  text(response, status, JSON.stringify({ error: message, status }))

function apiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (thrown instanceof NameTaken) return new ApiError(`${thrown.of}AlreadyExists`)
  if (thrown instanceof ListenError) return new ApiError('listenFailed', thrown.message)
  return new ApiError('internal', messageOf(thrown))
}

function write(response: ServerResponse, answered: Answer): void {
  const { status } = answered
  if ('goesOn' in answered) return answered.goesOn(response)
  if ('text' in answered) return send(response, status, answered.type, answered.text)
  if (answered.body === undefined) return void response.writeHead(status).end()
  send(response, status, 'application/json', JSON.stringify(answered.body))
}

function text(response: ServerResponse, status: number, line: string): void {
  response.setHeader('X-Content-Type-Options', 'nosniff')
  send(response, status, 'text/plain; charset=utf-8', `${line}\n`)
}

function send(response: ServerResponse, status: number, type: string, content: string): void {
  const bytes = Buffer.from(content)
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length }).end(bytes)
}
