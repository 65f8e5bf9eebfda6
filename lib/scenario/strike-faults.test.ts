import { AssertionError, expect } from 'chai'
import type { Entry } from '../ledger/entries.ts'
import { Faults } from './faults.ts'
import type { Observer } from './observer.ts'
import type { Session } from './session.ts'
import { StrikeFaults } from './strike-faults.ts'
import { Triggers } from './triggers.ts'

const LINKS = ['engine-1.rabbitmq', 'engine-2.rabbitmq']

/** A session whose triggers can be fired, and what happened to it in order. */
function played() {
  const happened: string[] = []
  const fires = new Map<string, () => void>()
  const strikes: Session['strikes'] = new Map()
  const evidence = {
    connections: { opened: 0, open: 0, cutByFault: 0, dialsFailed: 0 },
    toxics: { chunksDelayed: 0, bytesDelayed: 0, delayedMs: 0, bytesDropped: 0, connectionsCut: 0 },
  }
  const session = {
    plan: {},
    strikes,
    struck: new Set<string>(),
    toxics: new Triggers().definitions,
    tap: { evidence: () => evidence },
    triggers: {
      arm: (name: string, fire: () => void) => fires.set(name, fire),
      disarm: (name: string) => fires.delete(name),
    },
    own: {
      addToxic: async (link: string) => void happened.push(`added ${link}`),
      removeToxic: async (link: string) => void happened.push(`removed ${link}`),
    },
    record: ({ kind }: Pick<Entry, 'kind'>) => void happened.push(kind),
  } as unknown as Session
  const observer = { readDatabase: async () => {} } as unknown as Observer
  const faults = new Faults(session, observer, () => 0)
  return { faults, strikes: new StrikeFaults(session, observer, faults), happened, fires, struckBy: strikes }
}

const ORDER = { links: LINKS, type: 'amqp_trigger', stream: 'upstream', attributes: {} } as const

describe('a fault on single messages', () => {
  it('is taken off also where what hangs on it fails, and says so', async () => {
    const { faults, strikes, happened, fires, struckBy } = played()
    const strike = await strikes.arm({ ...ORDER, onFired: () => Promise.reject(new Error('not done')) })
    struckBy.get(strike.fault)?.({ link: 'engine-1.rabbitmq', identity: 'm1' })
    fires.get(strike.fault)?.()
    const fired = await strike.fired().catch(String)
    expect(fired).to.equal('Error: not done')
    const ended = await faults.endLasting().catch(String)
    expect(ended).to.equal('Error: not done')
    expect(happened).to.include.members(LINKS.map((link) => `removed ${link}`))
    expect(happened.at(-1)).to.equal('fault.ended')
    expect([...fires.keys(), ...struckBy.keys()]).to.deep.equal([])
  })

  it('that never struck makes its promise unknown, and has evidence of that', async () => {
    const { faults, strikes, happened } = played()
    const strike = await strikes.arm({ ...ORDER, attributes: { nth: 9 } })
    const fired = await strike.fired(0.01).catch((error: unknown) => error)
    expect(fired).to.be.instanceOf(AssertionError)
    expect(String(fired)).to.contain('f1 (amqp_trigger nth=9) strikes a message: not within')
    await faults.endLasting()
    expect(happened).to.deep.equal([
      'fault.armed',
      ...LINKS.map((link) => `added ${link}`),
      ...LINKS.map((link) => `removed ${link}`),
      'fault.evidence',
    ])
    expect(faults.on).to.deep.equal([])
  })
})
