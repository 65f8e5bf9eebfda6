import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ProxyView } from '../../api/views.ts'
import { dial, TestServer } from '../../proxy/rig.helper.ts'
import { layHome, startCli, untilPrinted } from '../../test/gate.helper.ts'

/** A command starts in half a second, on a busy machine in several. */
const STEP_LIMIT_MS = 30_000

/** Passes all, and throws where no hook of its own runs any more. */
const STRAY = `import { defineToxic } from '${join(import.meta.dirname, '../../toxic.ts')}'
export default defineToxic({
  type: 'stray',
  about: 'Throws.',
  attributes: {},
  open: (lane) => ({
    data(chunk) {
      lane.send(chunk)
      setTimeout(() => { throw new Error('out of a timer') })
      setTimeout(() => { throw Object.defineProperty(new Error(), 'stack', { get() { throw 1 } }) })
      void (async () => { throw new Error('out of a promise') })()
    },
  }),
})
`

describe('a toxic of the user, in a server of its own', function () {
  this.timeout(STEP_LIMIT_MS)

  it('does not end the server by what it throws later', async () => {
    using home = layHome()
    using upstream = await new TestServer().listen()
    const proxies = [
      { name: 'a', upstream: upstream.address, toxics: [{ type: 'stray', stream: 'upstream' }] },
    ]
    writeFileSync(join(home.cwd, 'proxies.json'), JSON.stringify(proxies))
    writeFileSync(join(home.cwd, 'stray.ts'), STRAY)
    const words = ['proxy', '--json', '--port', '0', '--config', 'proxies.json', '--toxic', 'stray.ts']
    const server = startCli(words, home)
    try {
      await untilPrinted(server, '\n', STEP_LIMIT_MS)
      const told = JSON.parse(server.output()) as { proxies: ProxyView[] }
      const client = await dial(told.proxies[0]?.listen ?? '')
      client.socket.write('first')
      for (const what of [/uncaughtException.* out of a timer/, /unhandledRejection.* out of a promise/])
        await untilPrinted(server, what, STEP_LIMIT_MS)
      client.socket.write(', second')
      await (await upstream.peer(0)).read().receives('first, second')
      client.socket.destroy()
      server.kill('SIGTERM')
      expect((await server.ended).code).to.equal(0)
    } finally {
      server.kill('SIGKILL')
    }
  })
})
