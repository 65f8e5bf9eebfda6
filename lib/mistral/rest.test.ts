import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { expect } from 'chai'
import { MistralRest, RestError } from './rest.ts'

/** What the network does to a client; what Mistral answers is for the integration tests. */
describe('the REST client', () => {
  let silent: Server
  let url: string
  before(async () => {
    silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  })
  after(() => silent.close())

  const start = { id: 'i', workflow: 'w', input: {} }

  it('gives up on a server that does not answer', async () => {
    expect(await new MistralRest(url).reachesEngine(20)).to.equal(false)
    const answer = await new MistralRest(url, 20).startExecution(start)
    expect(answer).to.have.property('error').that.contains('POST /v2/executions: no answer: ')
    expect(answer).not.to.have.property('status')
  })

  it('tells why a start was refused, without the secrets that the answer quotes', async () => {
    const refusing = createHttpServer((_request, response) =>
      response.writeHead(400).end(JSON.stringify({ faultstring: `wrong input {'password': 'very-secret'}` })),
    ).listen(0, '127.0.0.1')
    await once(refusing, 'listening')
    const { port } = refusing.address() as AddressInfo
    const answer = await new MistralRest(`http://127.0.0.1:${port}`).startExecution(start)
    refusing.close()
    expect(answer).to.deep.equal({ status: 400, error: `wrong input {'password': '***'}` })
  })

  it('tells why there was no answer', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as AddressInfo
    closed.close()
    await once(closed, 'close')
    const rest = new MistralRest(`http://127.0.0.1:${port}`)
    expect(await rest.reachesEngine(1000)).to.equal(false)
    expect((await rest.startExecution(start)).error).to.contain('ECONNREFUSED')
    const thrown: unknown = await rest.execution('i').catch((error: unknown) => error)
    expect(thrown).to.be.instanceOf(RestError).with.property('status', undefined)
  })
})
