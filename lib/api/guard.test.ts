import { expect } from 'chai'
import type { IncomingMessage } from 'node:http'
import { refusal } from './guard.ts'

const refused = (host: string, bound: string): boolean =>
  refusal({ headers: { host } } as IncomingMessage, bound) !== undefined

describe('the hosts that a request may name', () => {
  it('are loopback and the bound one', () => {
    const taken = ['localhost', '127.0.0.1:80', '127.9.9.9', '[::1]:8474', 'box.example:1', 'BOX.example']
    for (const host of taken) expect(refused(host, 'box.example'), host).to.equal(false)
    const foreign = ['evil.example', '10.0.0.1', '[fe80::1]:1', 'localhost.evil.example', 'toxiproxy', '']
    for (const host of foreign) expect(refused(host, 'box.example'), host).to.equal(true)
  })

  it('are also addresses and names without a dot, where all interfaces are bound', () => {
    for (const bound of ['0.0.0.0', '::']) {
      for (const host of ['10.0.0.1:1', '[fe80::1]:1', 'toxiproxy:8474']) {
        expect(refused(host, bound), host).to.equal(false)
      }
      expect(refused('evil.example', bound)).to.equal(true)
    }
  })
})
