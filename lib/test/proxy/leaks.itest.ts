import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { toxics } from '../../../toxics/index.ts'
import { defaultsOf } from '../../proxy/attributes.ts'
import { Proxies } from '../../proxy/proxies.ts'
import type { Proxy } from '../../proxy/proxy.ts'
import { portOf } from '../../proxy/rig.helper.ts'
import type { ToxicDefinition } from '../../toxic.ts'
import { poll } from '../../util/poll.ts'
import { busyService, transfer } from './transfer.helper.ts'

/** Of each toxic, twice; the nightly run has 10,000. */
const CONNECTIONS = Number(process.env['CROSSWIND_LEAK_CONNECTIONS'] ?? 500)
const AT_ONCE = 50
const MOST_HEAP = 2 ** 20
/** What a slow toxic still has in hand leaves first; on a loaded machine more than once as slow. */
const GONE_MS = 60_000

/** Values with which it acts in the midst of a transfer; whoever does not cut is cut by its client. */
const VALUES: Record<string, Record<string, number>> = {
  bandwidth: { rate: 100 },
  latency: { latency: 50, jitter: 20 },
  limit_data: { bytes: 50_000 },
  reset_peer: { timeout: 1 },
  slicer: { average_size: 2000, size_variation: 500, delay: 100 },
  slow_close: { delay: 50 },
  timeout: { timeout: 1 },
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const none = (what: string, count: () => number): Promise<true> =>
  poll(() => (count() === 0 ? true : undefined), { what, deadlineMs: GONE_MS })

async function transfers(proxy: Proxy, count: number, resets: boolean): Promise<void> {
  const loop = async (): Promise<void> => {
    for (let n = 0; n < count / AT_ONCE; n += 1) await transfer(portOf(proxy.listen), resets)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, loop))
  await none('all are gone', () => proxy.connections().length)
  await none('no socket is left', () => resources('TCPSocketWrap'))
}

const resources = (kind: string): number =>
  process.getActiveResourcesInfo().filter((one) => one === kind).length

/** After several collections, since what ends in one may be held by another. */
async function heap(): Promise<number> {
  for (let n = 0; n < 4; n += 1) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const cuts = ({ type }: ToxicDefinition): boolean => ['limit_data', 'reset_peer', 'timeout'].includes(type)

describe(`${CONNECTIONS} connections that are cut in the midst of a transfer`, () => {
  for (const definition of toxics) {
    it(`leave nothing behind under ${definition.type}`, async function () {
      this.timeout(CONNECTIONS * 100 + 2 * GONE_MS)
      const service = await busyService()
      const proxies = new Proxies({ seed: 'seed', budget: { held: 0 }, dialMs: 5000 })
      const upstream = `127.0.0.1:${(service.address() as AddressInfo).port}`
      const proxy = await proxies.create({ name: 'p', upstream })
      const attributes = { ...defaultsOf(definition), ...VALUES[definition.type] }
      for (const stream of ['upstream', 'downstream'] as const)
        proxy.toxics.add({ name: stream, definition, stream, toxicity: 1, attributes })
      try {
        await transfers(proxy, CONNECTIONS, !cuts(definition))
        const [before, timers] = [await heap(), resources('Timeout')]
        await transfers(proxy, CONNECTIONS, !cuts(definition))
        expect((await heap()) - before).to.be.lessThan(MOST_HEAP)
        expect(resources('Timeout')).to.be.at.most(timers)
        expect(proxy.evidence().connections).to.include({ open: 0, opened: 2 * CONNECTIONS })
        expect(proxy.evidence().lanes.upstream.held).to.equal(0)
      } finally {
        proxies.close()
        service.close()
      }
    })
  }
})
