import { expect } from 'chai'
import { swallowedBytes } from './toxiproxy.ts'

/** A line of a real Toxiproxy's metrics. */
const line = (word: string, direction: string, proxy: string, bytes: string) =>
  `toxiproxy_proxy_${word}_bytes_total{direction="${direction}",listener="127.0.0.1:1",proxy="${proxy}",upstream="127.0.0.1:2"} ${bytes}`

describe('What a real Toxiproxy has swallowed', () => {
  it('is what it received and did not send, of each proxy', () => {
    const metrics = [
      '# TYPE toxiproxy_proxy_received_bytes_total counter',
      line('received', 'upstream', 'a.b', '177'),
      line('received', 'downstream', 'a.b', '1.25e+06'),
      line('sent', 'upstream', 'a.b', '100'),
      line('sent', 'downstream', 'a.b', '1.2e+06'),
      line('received', 'upstream', 'c.d', '5'),
      line('sent', 'upstream', 'c.d', '5'),
    ]
    expect(swallowedBytes(metrics.join('\n'))).to.deep.equal(
      new Map([
        ['a.b', 50_077],
        ['c.d', 0],
      ]),
    )
    expect(swallowedBytes('promhttp_metric_handler_errors_total{cause="encoding"} 0\n')).to.deep.equal(
      new Map(),
    )
  })
})
