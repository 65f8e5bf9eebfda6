import { expect } from 'chai'
import type { AddressInfo } from 'node:net'
import { ask } from '../../api/ask.helper.ts'
import type { ProxyView } from '../../api/views.ts'
import { portOf } from '../../proxy/rig.helper.ts'
import { poll } from '../../util/poll.ts'
import { busyService, transfer } from '../proxy/transfer.helper.ts'
import type { Candidate } from './servers.helper.ts'

const CONNECTIONS = 100
/** What else comes and goes in a server, and in this process, which is ours. */
const OTHERS = 20
/** Ours has let go of all within some milliseconds. */
const GONE_MS = 3000

const LATENCY = { type: 'latency', attributes: { latency: 100 } }

/** What cuts connections in mid-transfer, on both streams; `resets`: the client does. */
const CUTS = [
  {
    what: 'limit_data before a latency',
    toxics: [{ type: 'limit_data', attributes: { bytes: 50_000 } }, LATENCY],
  },
  { what: 'reset_peer', toxics: [{ type: 'reset_peer', attributes: { timeout: 1 } }] },
  { what: 'a client, with a latency,', toxics: [LATENCY], resets: true },
]

/**
 * The real one keeps one to four goroutines of each such connection, and about 0.1 MB, also when its proxy has been
 * deleted. Of ours, 10,000 of each toxic are cut in a test of its own.
 */
export function failuresThatLeak({ real, shared, start }: Candidate): void {
  for (const { what, toxics, resets = false } of CUTS)
    // One that others use may not tell of its goroutines, and has more of them.
    (shared ? it.skip : it)(`3: connections that ${what} cut leave something behind`, async () => {
      await using serving = await start()
      const kept = () => (real ? goroutinesOf(serving.url) : process.getActiveResourcesInfo().length)
      const service = await busyService()
      try {
        const upstream = `127.0.0.1:${(service.address() as AddressInfo).port}`
        const before = await kept()
        const { json } = await ask(serving.url, 'POST', '/proxies', {
          name: 'a',
          listen: '127.0.0.1:0',
          upstream,
        })
        for (const toxic of toxics)
          for (const stream of ['upstream', 'downstream'])
            await ask(serving.url, 'POST', '/proxies/a/toxics', { ...toxic, stream })
        const port = portOf((json as ProxyView).listen)
        await Promise.all(Array.from({ length: CONNECTIONS }, () => transfer(port, resets)))
        await ask(serving.url, 'DELETE', '/proxies/a')
        const gone = poll(async () => (await kept()) < before + OTHERS || undefined, {
          what: 'nothing is left',
          deadlineMs: GONE_MS,
        })
        expect(await gone.catch(() => false)).to.equal(!real)
        if (real) expect(await kept()).to.be.at.least(before + CONNECTIONS / 2)
      } finally {
        service.close()
      }
    })
}

async function goroutinesOf(url: string): Promise<number> {
  const { text } = await ask(url, 'GET', '/metrics')
  return Number(/^go_goroutines (\d+)$/m.exec(text)?.[1])
}
