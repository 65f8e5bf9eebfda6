/**
 * Toxiproxy's contract, over plain HTTP and raw TCP, and through toxiproxy-node-client. It is asked of our server, and
 * of a real one (2.12): of `toxiproxy-server` on PATH or the program at $TOXIPROXY_SERVER, and of the one that runs at
 * $TOXIPROXY_URL, which must have no proxies that matter. Where the two differ, a test names the failure of the real one.
 */
import { ask } from '../api/ask.helper.ts'
import { bytesContract } from './conformance/bytes.helper.ts'
import { failuresThatLeak } from './conformance/leaks.helper.ts'
import { clientContract } from './conformance/client.helper.ts'
import { failuresOfRequests } from './conformance/requests.helper.ts'
import { failuresOnTheWire } from './conformance/wire.helper.ts'
import { httpContract } from './conformance/http.helper.ts'
import { candidates, NONE_REAL, type Serving } from './conformance/servers.helper.ts'

const servers = candidates()

for (const server of servers) {
  describe(`Toxiproxy's contract, by ${server.name}`, () => {
    let running: Serving
    // The contracts are laid out before it runs.
    const serving: Serving = {
      get url() {
        return running.url
      },
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    }

    before(async () => {
      running = await server.start()
    })

    beforeEach(async () => {
      const { json } = await ask(serving.url, 'GET', '/proxies')
      for (const name of Object.keys(json as object))
        await ask(serving.url, 'DELETE', `/proxies/${encodeURIComponent(name)}`)
    })

    after(() => running[Symbol.asyncDispose]())

    describe('over plain HTTP', () => httpContract(serving))
    describe('over raw TCP', () => bytesContract(serving))
    describe('through toxiproxy-node-client', () => clientContract(serving))
  })

  describe(`the failures of Toxiproxy, by their numbers, and ${server.name}`, () => {
    describe('in its answers', () => failuresOfRequests(server))
    describe('on the wire', () => failuresOnTheWire(server))
    describe('in what stays behind', () => failuresThatLeak(server))
  })
}

if (servers.length === 1)
  describe("Toxiproxy's contract, by a real one", () => {
    it(NONE_REAL, function () {
      process.stderr.write(`      the comparison with a real Toxiproxy is ${NONE_REAL}\n`)
      this.skip()
    })
  })
