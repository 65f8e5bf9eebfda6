import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { RunningCluster } from '../../cluster/cluster.ts'
import type { RunningNode } from '../../cluster/node.ts'
import { NODE_KINDS, type NodeKind } from '../../cluster/state.ts'
import { HarnessError, messageOf, UsageError } from '../../util/errors.ts'
import { unknownWord } from '../../util/nearest.ts'

/** What was done to a node. */
export interface NodeAnswer {
  node: string
  links: string[]
  /** An api's. */
  port?: number
}

/** An answer that is no success. */
export interface ControlError {
  error: string
  /** A wrong word of the asker's, not a broken harness. */
  usage: boolean
}

const WHY = 'by hand'

/** What a request is about: the cluster, the path's name, the body. */
interface Call {
  cluster: RunningCluster
  name: string
  body: Record<string, unknown>
}

interface Route {
  verb: 'POST'
  /** `*` is a node's name. */
  path: string
  about: string
  handle(call: Call): NodeAnswer | Promise<NodeAnswer>
}

/** Everything that a keeper can be asked, on a Unix socket that only its user may open. */
const routes: readonly Route[] = [
  { verb: 'POST', path: '/nodes', about: 'starts {kind, name?}; answers when it answers', handle: start },
  { verb: 'POST', path: '/nodes/*/stop', about: 'SIGTERM; answers when it is gone', handle: stop },
  { verb: 'POST', path: '/nodes/*/kill', about: 'SIGKILL; answers when it is gone', handle: kill },
  { verb: 'POST', path: '/nodes/*/pause', about: 'SIGSTOP', handle: pause },
  { verb: 'POST', path: '/nodes/*/resume', about: 'SIGCONT', handle: resume },
]
/** Ends the cluster; answered before that begins. */
const DOWN_PATH = '/down'

async function start({ cluster, body }: Call): Promise<NodeAnswer> {
  const { kind, name } = body
  if (!NODE_KINDS.includes(kind as NodeKind)) throw unknownWord('kind of node', String(kind), NODE_KINDS)
  return view(await cluster.start(kind as NodeKind, typeof name === 'string' ? name : undefined))
}

async function stop({ cluster, name }: Call): Promise<NodeAnswer> {
  const node = cluster.node(name)
  await cluster.stop(name, WHY)
  return view(node)
}

async function kill({ cluster, name }: Call): Promise<NodeAnswer> {
  const node = cluster.node(name)
  await cluster.kill(name, WHY)
  return view(node)
}

function pause({ cluster, name }: Call): NodeAnswer {
  cluster.pause(name, WHY)
  return view(cluster.node(name))
}

function resume({ cluster, name }: Call): NodeAnswer {
  cluster.resume(name, WHY)
  return view(cluster.node(name))
}

const view = ({ name, links, port }: RunningNode): NodeAnswer => ({
  node: name,
  links,
  ...(port === undefined ? {} : { port }),
})

/** sun_path of unix(7) has 108 bytes, the last of them zero; a longer path would be cut off in silence. */
const LONGEST_PATH = 107

export const controlSocket = (folder: string): string => join(folder, 'control.sock')

export interface Control {
  /** Takes no more requests, and waits for those that are under way. */
  close(): Promise<void>
}

/** @param onDown Asked to end the cluster. */
export async function openControl(cluster: RunningCluster, onDown: () => void): Promise<Control> {
  const path = controlSocket(cluster.folder)
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new HarnessError(`${path} is too long for a socket's path: set CROSSWIND_HOME to a shorter folder`)
  const busy = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const work = serve(request, response, cluster, onDown)
    busy.add(work)
    void work.finally(() => busy.delete(work))
  })
  // The socket is made in here, at once, with this mask: nobody else may ever open it.
  const mask = process.umask(0o177)
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  process.umask(mask)
  await listening
  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      await Promise.allSettled(busy)
      server.closeAllConnections()
      await closed
    },
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  cluster: RunningCluster,
  onDown: () => void,
): Promise<void> {
  const { method = '', url = '' } = request
  try {
    const body = await readBody(request)
    if (method === 'POST' && url === DOWN_PATH) {
      write(response, 202, { node: '', links: [] })
      onDown()
      return
    }
    const { route, name } = routeOf(method, url)
    write(response, 200, await route.handle({ cluster, name, body }))
  } catch (error) {
    const usage = error instanceof UsageError
    write(response, usage ? 400 : 500, { error: messageOf(error), usage })
  }
}

function routeOf(verb: string, url: string): { route: Route; name: string } {
  for (const route of routes) {
    const [before = '', after] = route.path.split('*')
    if (verb !== route.verb || !url.startsWith(before) || !url.endsWith(after ?? '')) continue
    if (after === undefined && url !== before) continue
    return { route, name: decodeURIComponent(url.slice(before.length, url.length - (after ?? '').length)) }
  }
  throw new UsageError(`a keeper has no ${verb} ${url}; it has ${routes.map(routeText).join(', ')}`)
}

const routeText = ({ verb, path, about }: Route): string => `${verb} ${path} (${about})`

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

function write(response: ServerResponse, status: number, body: NodeAnswer | ControlError): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}
