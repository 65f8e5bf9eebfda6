import { expect } from 'chai'
import type { IncomingMessage } from 'node:http'
import { admit, isLoopback } from './guard.ts'

const ask = (url: string, headers: Record<string, string>) => ({ url, headers }) as unknown as IncomingMessage

const refused = (host: string, bound: string): boolean =>
  'refused' in admit(ask('/proxies', { host }), { host: bound })

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

describe('a token', () => {
  const access = { host: '0.0.0.0', token: 'S3cret' }
  const admitted = (url: string, authorization?: string) =>
    admit(ask(url, { host: 'box.example', ...(authorization !== undefined && { authorization }) }), access)

  it('is taken as a header, or as the first part of the path', () => {
    expect(admitted('/proxies?a=b', 'Bearer S3cret')).to.deep.equal({ path: '/proxies' })
    expect(admitted('/proxies', 'bearer  S3cret')).to.deep.equal({ path: '/proxies' })
    expect(admitted('/S3cret/proxies/a?x')).to.deep.equal({ path: '/proxies/a' })
    expect(admitted('/S3cret/proxies', 'Bearer S3cret')).to.deep.equal({ path: '/proxies' })
  })

  it('is missed where it is not, or is wrong', () => {
    const wrong: [string, string?][] = [
      ['/proxies'],
      ['/s3cret/proxies'],
      ['/S3cret'],
      ['/'],
      [''],
      ['/proxies/S3cret'],
      ['/proxies', 'Bearer s3cret'],
      ['/proxies', 'Basic S3cret'],
      ['/proxies', 'Bearer '],
    ]
    for (const [url, authorization] of wrong)
      expect(admitted(url, authorization), `${url} ${authorization}`).to.include({ status: 401 })
  })

  it('does not help a web page', () => {
    const headers = { host: 'box.example', origin: 'http://evil.example', authorization: 'Bearer S3cret' }
    expect(admit(ask('/proxies', headers), access)).to.include({ status: 403 })
  })
})

describe('loopback', () => {
  it('is this machine only', () => {
    for (const host of ['localhost', '127.0.0.1', '127.8.8.8', '::1']) expect(isLoopback(host)).to.equal(true)
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', ''])
      expect(isLoopback(host)).to.equal(false)
  })
})
