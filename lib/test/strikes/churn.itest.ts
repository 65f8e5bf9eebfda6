import { expect } from 'chai'
import { numbered, isSane, startBench, talk, type StrikeBench } from './broker.helper.ts'

/** Toxics that match, and that never do, which lose nothing by themselves. */
const HARMLESS = [
  ['amqp_drop', 'upstream', { body: '^never$' }],
  ['amqp_drop', 'downstream', { call: 'never' }],
  ['amqp_delay', 'upstream', { delay: 20, count: 3 }],
  ['amqp_delay', 'downstream', { delay: 20, count: 3 }],
  ['amqp_reorder', 'upstream', {}],
  ['amqp_reorder', 'downstream', {}],
  ['amqp_ack', 'upstream', { do: 'delay', delay: 20, count: 3 }],
  ['amqp_ack', 'downstream', { what: 'confirm', do: 'delay', delay: 20, count: 3 }],
  ['amqp_heartbeat', 'upstream', {}],
] as const

const TIMES = 1000

describe('a toxic that comes and goes', () => {
  let bench: StrikeBench
  before(async () => (bench = await startBench()))
  after(() => bench?.end())

  for (const acksEach of [1, 7])
    it(`a thousand times under load loses nothing: acks of ${acksEach} at once`, async () => {
      const link = await bench.link()
      const made = await talk(link, { prefetch: 100, acksEach })
      const all: string[] = []
      for (let round = 0; round < TIMES; round += 1) {
        const more = numbered(`round ${round}:`, 5)
        all.push(...more)
        made.publish(...more)
        const [type, stream, attributes] = HARMLESS[round % HARMLESS.length] as (typeof HARMLESS)[number]
        await link.add(type, stream, attributes)
        await link.remove()
      }
      await made.hasPassed(all)
      expect(made.received).to.have.length(all.length)
      expect(made.redelivered).to.deep.equal([])
      expect(made.ends).to.deep.equal([])
      await isSane(bench, made, [link])
    })
})
