import { expect } from 'chai'
import * as fc from 'fast-check'
import { dial } from '../proxy/rig.helper.ts'
import { ask, start } from './ask.helper.ts'
import type { RunningToxiproxy } from './server.ts'
import type { ProxyView } from './views.ts'

const FIELDS = [
  'name',
  'listen',
  'upstream',
  'enabled',
  'toxics',
  'type',
  'stream',
  'toxicity',
  'attributes',
  'duration',
  'seed',
  'latency',
  'jitter',
  'rate',
  'average_size',
  '__proto__',
]
const WORDS = [
  'a',
  '',
  '127.0.0.1:0',
  '127.0.0.1:9',
  'latency',
  'slicer',
  'bandwidth',
  'upstream',
  'constructor',
  'a\0b:80',
]
const NUMBERS = [0, 1, -1, 0.5, 60_000, 2 ** 31, 2 ** 53 - 1, 1e308]

/** Values that are nearly what is asked for, and others. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.constantFrom(...WORDS, ...NUMBERS, null, true, false),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { maxKeys: 6 }),
  ),
}))

const body = fc.oneof(
  value.map((given) => JSON.stringify(given)),
  value.map((given) => JSON.stringify(given).slice(0, -1)),
  fc.string(),
)

const PATHS = [
  '/proxies',
  '/populate',
  '/reset',
  '/seed',
  '/proxies/a',
  '/proxies/a/toxics',
  '/proxies/a/toxics/latency_downstream',
  '/proxies/a/connections/1',
  '/proxies/%E0%A4%A',
]

/** Lacks nothing: one value alone can be wrong, and is taken to what it is for. */
const proxy = fc.record({
  verb: fc.constant('POST'),
  path: fc.constant('/proxies'),
  body: fc
    .record({ name: fc.constantFrom('b', 'c'), upstream: fc.constantFrom(...WORDS) })
    .map((given) => JSON.stringify({ listen: '127.0.0.1:0', ...given })),
})

const toxic = fc.record({
  verb: fc.constant('POST'),
  path: fc.constant('/proxies/a/toxics'),
  body: fc.constantFrom(...NUMBERS).map((duration) => JSON.stringify({ type: 'noop', duration })),
})

const anything = fc.record({
  verb: fc.constantFrom('POST', 'PATCH', 'DELETE'),
  path: fc.constantFrom(...PATHS),
  body,
})

const request = fc.oneof({ weight: 4, arbitrary: anything }, proxy, toxic)

/** What a proxy dials is tried by its first client; one that dials itself would do so without end. */
async function connectToEach(proxies: readonly ProxyView[]): Promise<void> {
  const listening = proxies.filter(({ enabled }) => enabled).map(({ listen }) => listen)
  const loops = proxies.some(({ upstream }) => listening.includes(upstream))
  for (const listen of loops ? [] : listening) {
    const { socket } = (await dial(listen)).read()
    if (!socket.closed) await new Promise((resolve) => socket.end().once('close', resolve))
  }
}

describe('any requests', () => {
  let server: RunningToxiproxy

  before(async () => {
    server = await start()
  })

  after(() => server.close())

  it('are answered, none by a defect of ours, and what is shown stays whole', async () => {
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 8 }), async (requests) => {
        // Some are about what is there.
        const a = { name: 'a', upstream: '127.0.0.1:9', toxics: [{ type: 'latency' }] }
        await ask(server.url, 'POST', '/proxies', a)
        for (const { verb, path, body: sent } of requests) {
          const { status, text } = await ask(server.url, verb, path, sent)
          seen.add(status)
          // Nothing else may be wrong with the server than a port.
          if (status >= 500) expect(text, `${verb} ${path} ${sent}`).to.contain('listen tcp')
        }
        const { status, json } = await ask(server.url, 'GET', '/proxies')
        expect(status).to.equal(200)
        for (const proxy of Object.values(json as object))
          expect(proxy).to.include.all.keys('name', 'listen', 'upstream', 'enabled', 'toxics')
        await connectToEach(Object.values(json as Record<string, ProxyView>))
      }),
      { numRuns: 60 },
    )
    expect([...seen]).to.include.members([204, 400, 404])
  })
})
