import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { formatAddress } from '../proxy/address.ts'
import type { Evidence } from '../proxy/evidence.ts'
import type { Tap } from '../proxy/lane.ts'
import { ListenError } from '../proxy/listener.ts'
import { Proxies } from '../proxy/proxies.ts'
import type { ProxyEvent } from '../proxy/proxy.ts'
import { NameTaken } from '../proxy/toxics.ts'
import type { Stream, ToxicDefinition } from '../toxic.ts'
import { messageOf } from '../util/errors.ts'
import { ApiError } from './errors.ts'
import { refusal } from './guard.ts'
import { readJson } from './json.ts'
import { findRoute, type Answer, type Call } from './routes.ts'
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
  /** Until an unanswered dial to an upstream is given up. Default 10 s. */
  dialMs?: number
  /** Told of each request that changed something, and of what failed. */
  log?: (line: string) => void
  onEvent?: (event: ProxyEvent) => void
  /** Gives the tap of a connection's lane, if there is to be one. */
  tap?: (proxy: string, connection: number, stream: Stream) => Tap | undefined
}

/** A server that speaks Toxiproxy's HTTP API, with its proxies. */
export interface RunningToxiproxy extends AsyncDisposable {
  /** `http://127.0.0.1:40112` */
  readonly url: string
  readonly host: string
  readonly port: number
  proxies(): ProxyView[]
  /** Undefined if there is no proxy of that name. */
  evidence(proxy: string): Evidence | undefined
  /** Ends the listeners, all sockets and all timers at once. */
  close(): Promise<void>
}

const DIAL_MS = 10_000

/** @throws the system's error if the port cannot be had. */
export async function startToxiproxy(options: ToxiproxyOptions): Promise<RunningToxiproxy> {
  const {
    toxics,
    seed,
    host = '127.0.0.1',
    port = 0,
    dialMs = DIAL_MS,
    log = () => {},
    onEvent,
    tap,
  } = options
  const proxies = new Proxies({
    seed,
    dialMs,
    budget: { held: 0 },
    onEvent: (event) => {
      if (event.kind === 'failed') log(`${event.proxy}: ${event.what}: ${event.error}`)
      onEvent?.(event)
    },
    ...(tap && { tap }),
  })
  const server = createServer((request, response) => {
    void answer(request, response, { proxies, definitions: toxics, host, log })
  })
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

interface Context extends Pick<Call, 'proxies' | 'definitions'> {
  host: string
  log: (line: string) => void
}

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const { method = '', url = '' } = request
  const [path = ''] = url.split('?')
  const route = findRoute(method, path)
  const refused = refusal(request, context.host)
  if (refused) return text(response, 403, refused)
  if (route === 404) return text(response, 404, '404 page not found')
  if (route === 405) return void response.writeHead(405, { 'Content-Length': 0 }).end()
  response.setHeader('X-Toxiproxy-Request-Id', randomUUID())
  const { proxies, definitions, log } = context
  try {
    const call = { proxies, definitions, names: route.names, body: () => readJson(request) }
    const made = await route.handle(call)
    if (method !== 'GET') log(`${method} ${path}: ${made.status}`)
    write(response, made)
  } catch (thrown) {
    const error = apiError(thrown)
    log(`${method} ${path}: ${error.status} ${error.message}`)
    // Toxiproxy labels its errors as text, and ends them with a line feed.
    text(response, error.status, JSON.stringify({ error: error.message, status: error.status }))
  }
}

function apiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (thrown instanceof NameTaken) return new ApiError(`${thrown.of}AlreadyExists`)
  if (thrown instanceof ListenError) return new ApiError('listenFailed', thrown.message)
  return new ApiError('internal', messageOf(thrown))
}

function write(response: ServerResponse, { status, body, json }: Answer): void {
  if (body === undefined && json === undefined) return void response.writeHead(status).end()
  const bytes = Buffer.from(json ?? JSON.stringify(body))
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length })
    .end(bytes)
}

function text(response: ServerResponse, status: number, line: string): void {
  const bytes = Buffer.from(`${line}\n`)
  response
    .writeHead(status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'Content-Length': bytes.length,
    })
    .end(bytes)
}
