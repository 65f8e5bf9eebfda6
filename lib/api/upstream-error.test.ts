import { expect } from 'chai'
import { ask, start } from './ask.helper.ts'

describe('a proxy', () => {
  it('is told what a client sees while its upstream is down, and shows it where it is not usual', async () => {
    await using server = await start()
    const upstream = '127.0.0.1:9'
    const made = await ask(server.url, 'POST', '/proxies', {
      name: 'a',
      upstream,
      on_upstream_error: 'accept',
    })
    expect(made.json).to.include({ on_upstream_error: 'accept' })
    const usual = await ask(server.url, 'PATCH', '/proxies/a', { on_upstream_error: 'reset' })
    expect(usual.json).to.have.all.keys('name', 'listen', 'upstream', 'enabled', 'toxics')
    const wrong = await ask(server.url, 'PATCH', '/proxies/a', { on_upstream_error: 'hang' })
    expect(wrong.status).to.equal(400)
    expect(wrong.text).to.contain('on_upstream_error must be accept or reset or refuse, not hang')
  })

  it('may have a Unix socket as its upstream, but does not listen on one', async () => {
    await using server = await start()
    const upstream = 'unix:/run/crosswind.sock'
    const made = await ask(server.url, 'POST', '/proxies', { name: 'a', upstream })
    expect(made.json).to.include({ upstream })
    const wrong = await ask(server.url, 'POST', '/proxies', { name: 'b', upstream, listen: upstream })
    expect(wrong.text).to.contain('listen must be host:port')
  })
})
