import { routesBeyond } from './beyond.ts'
import { ok, proxyOf, toxicOf, type Answer, type Call, type Route } from './call.ts'
import { proxyChange, proxySpec, proxySpecs, toxicChange, toxicSpec } from './input.ts'
import { METRICS_TYPE } from './metrics.ts'
import { proxyView, toxicView } from './views.ts'

/** The Toxiproxy whose contract this is. */
const VERSION = '2.12.0'

const routes: Route[] = [
  { verbs: ['GET'], path: '/version', handle: version },
  { verbs: ['POST'], path: '/reset', handle: reset },
  { verbs: ['POST'], path: '/populate', handle: populate },
  { verbs: ['GET'], path: '/proxies', handle: listProxies },
  { verbs: ['POST'], path: '/proxies', handle: createProxy },
  { verbs: ['GET'], path: '/proxies/*', handle: (call) => ok(proxyView(proxyOf(call))) },
  { verbs: ['POST', 'PATCH'], path: '/proxies/*', handle: updateProxy },
  { verbs: ['DELETE'], path: '/proxies/*', handle: removeProxy },
  {
    verbs: ['GET'],
    path: '/proxies/*/toxics',
    handle: (call) => ok(proxyOf(call).toxics.list().map(toxicView)),
  },
  { verbs: ['POST'], path: '/proxies/*/toxics', handle: createToxic },
  { verbs: ['GET'], path: '/proxies/*/toxics/*', handle: (call) => ok(toxicView(toxicOf(call))) },
  { verbs: ['POST', 'PATCH'], path: '/proxies/*/toxics/*', handle: updateToxic },
  { verbs: ['DELETE'], path: '/proxies/*/toxics/*', handle: removeToxic },
  { verbs: ['GET'], path: '/metrics', handle: metrics },
  ...routesBeyond,
]

/** Finds what answers a request: a handler and the path's names, or that the path has no such verb, or is unknown. */
export function findRoute(
  verb: string,
  path: string,
): { handle: Route['handle']; names: string[] } | 404 | 405 {
  const parts = path.split('/')
  const matching = routes.filter((route) => matches(route.path.split('/'), parts))
  const route = matching.find(({ verbs }) => verbs.includes(verb))
  if (!route) return matching.length > 0 ? 405 : 404
  const names = route.path.split('/').flatMap((part, index) => (part === '*' ? [decoded(parts[index])] : []))
  return { handle: route.handle, names }
}

const matches = (pattern: string[], parts: string[]): boolean =>
  pattern.length === parts.length &&
  pattern.every((part, i) => part === parts[i] || (part === '*' && parts[i] !== ''))

function decoded(part = ''): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Clients return its text as it is: Toxiproxy's has a blank in it. */
function version(): Answer {
  return { status: 200, text: `{"version": "${VERSION}"}\n`, type: 'application/json' }
}

async function metrics({ metrics: read }: Call): Promise<Answer> {
  if (!read) return { status: 404, text: '404 page not found\n', type: 'text/plain; charset=utf-8' }
  return { status: 200, text: await read(), type: METRICS_TYPE }
}

function listProxies({ proxies }: Call): Answer {
  return ok(Object.fromEntries(proxies.list().map((proxy) => [proxy.name, proxyView(proxy)])))
}

async function createProxy({ proxies, definitions, body }: Call): Promise<Answer> {
  const spec = proxySpec(await body(), definitions)
  return { status: 201, body: proxyView(await proxies.create(spec)) }
}

async function populate({ proxies, definitions, body }: Call): Promise<Answer> {
  const specs = proxySpecs(await body(), definitions)
  return { status: 201, body: { proxies: (await proxies.populate(specs)).map(proxyView) } }
}

async function reset({ proxies }: Call): Promise<Answer> {
  await proxies.reset()
  return { status: 204 }
}

async function updateProxy(call: Call): Promise<Answer> {
  proxyOf(call)
  const body = await call.body()
  // Looked up again: it may have gone while the body came.
  const proxy = proxyOf(call)
  await proxy.update(proxyChange(body, proxy.enabled))
  return ok(proxyView(proxy))
}

function removeProxy(call: Call): Answer {
  call.proxies.remove(proxyOf(call).name)
  return { status: 204 }
}

async function createToxic(call: Call): Promise<Answer> {
  proxyOf(call)
  const body = await call.body()
  const spec = toxicSpec(body, call.definitions)
  return ok(toxicView(proxyOf(call).toxics.add(spec)))
}

async function updateToxic(call: Call): Promise<Answer> {
  toxicOf(call)
  const body = await call.body()
  const toxic = toxicOf(call)
  proxyOf(call).toxics.update(toxic.name, toxicChange(body, toxic))
  return ok(toxicView(toxicOf(call)))
}

function removeToxic(call: Call): Answer {
  proxyOf(call).toxics.remove(toxicOf(call).name)
  return { status: 204 }
}
