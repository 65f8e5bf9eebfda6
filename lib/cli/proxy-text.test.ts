import { expect } from 'chai'
import type { EventView } from '../api/events.ts'
import { connectionLines, eventLine, proxyLines } from './proxy-text.ts'

const line = (event: Partial<EventView> & Pick<EventView, 'kind'>): string =>
  eventLine({ id: 1, time: '2026-11-24T10:50:11.093Z', proxy: 'web', ...event })

describe('what happens on proxies', () => {
  it('is a line each', () => {
    const toxic = {
      name: 't',
      type: 'latency',
      stream: 'upstream',
      toxicity: 0.5,
      attributes: { latency: 5 },
    } as const
    expect(line({ kind: 'connection.opened', connection: 3 })).to.equal(
      '10:50:11.093  web  connection 3: opened',
    )
    expect(line({ kind: 'connection.closed', connection: 3, reason: 't' })).to.match(
      /connection 3: closed: t$/,
    )
    expect(line({ kind: 'toxic.acted', connection: 3, by: 't' })).to.match(/connection 3: t acts$/)
    expect(line({ kind: 'toxic.added', toxic })).to.match(
      /web {2}toxic added: t \(latency upstream latency=5, toxicity 0.5\)$/,
    )
    expect(line({ kind: 'disabled', expires_at: 'then' })).to.match(/disabled until then$/)
    expect(line({ kind: 'removed' })).to.match(/web {2}removed$/)
  })

  it('shows nothing that a terminal would obey', () => {
    const shown = line({ kind: 'dial.failed', connection: 1, error: 'a\n\u001B[31mb' })
    expect(shown).to.not.include('\n').and.to.not.include('\u001B')
  })
})

describe('proxies and connections', () => {
  it('are tables', () => {
    const toxics = ['a', 'b'].map((name) => ({
      name,
      type: name,
      stream: 'upstream' as const,
      toxicity: 1,
      attributes: {},
    }))
    const proxy = { name: 'web', listen: '127.0.0.1:1', upstream: '127.0.0.1:2', enabled: false, toxics }
    expect(proxyLines([proxy])).to.deep.equal([
      'PROXY  LISTENS ON   UPSTREAM     FAULTS',
      'web    127.0.0.1:1  127.0.0.1:2  down',
      '                                 a upstream',
      '                                 b upstream',
    ])
    const connection = { proxy: 'web', id: 7, client: '127.0.0.1:9', upstream_local: '', age_ms: 1500 }
    const acting = [
      { name: 'a', acted: true },
      { name: 'b', acted: false },
    ]
    expect(
      connectionLines([
        { ...connection, upstream_bytes: 1, downstream_bytes: 2, toxics: acting, stalled: ['upstream'] },
      ])[1],
    ).to.equal('web    7   127.0.0.1:9  1.5 s  1 B       2 B         a has acted, b, stalled upstream')
  })
})
