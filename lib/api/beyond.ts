import { ok, proxyOf, toxicOf, type Answer, type Call, type Route } from './call.ts'
import { ApiError } from './errors.ts'
import { Fields } from './json.ts'
import { connectionViews, evidenceView, strikesView } from './views.ts'

/** The routes that Toxiproxy does not have. */
export const routesBeyond: Route[] = [
  { verbs: ['GET'], path: '/seed', handle: ({ proxies }) => ok({ seed: proxies.seed }) },
  { verbs: ['POST', 'PATCH'], path: '/seed', handle: changeSeed },
  { verbs: ['GET'], path: '/events', handle: events },
  { verbs: ['GET'], path: '/proxies/*/evidence', handle: (call) => ok(evidenceView(proxyOf(call))) },
  {
    verbs: ['GET'],
    path: '/proxies/*/toxics/*/evidence',
    handle: (call) => ok(strikesView(toxicOf(call))),
  },
  { verbs: ['GET'], path: '/proxies/*/connections', handle: (call) => ok(connectionViews(proxyOf(call))) },
  { verbs: ['DELETE'], path: '/proxies/*/connections/*', handle: cutConnection },
]

/** What was decided stays; new connections and new toxics are decided by the new one. */
async function changeSeed({ proxies, body }: Call): Promise<Answer> {
  const seed = new Fields(await body()).string('seed')
  if (!seed) throw new ApiError('missingField', 'seed')
  proxies.seed = seed
  return ok({ seed })
}

function cutConnection(call: Call): Answer {
  if (!proxyOf(call).cut(Number(call.names[1]))) throw new ApiError('connectionNotFound')
  return { status: 204 }
}

/** A client that was cut off says with Last-Event-ID what it has seen; what is no number says nothing. */
function events({ feed, headers }: Call): Answer {
  const seen = Number(headers['last-event-id']) || 0
  return { status: 200, goesOn: (response) => feed.open(response, seen) }
}
