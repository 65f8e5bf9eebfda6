import { defineAmqpToxic } from '../lib/toxic/amqp.ts'

export default defineAmqpToxic({
  type: 'amqp_delay',
  about: 'Holds matched messages back for delay ± jitter; the others pass them.',
  attributes: {
    delay: { unit: 'ms', default: 1000, min: 0, about: 'how late it is' },
    jitter: { unit: 'ms', default: 0, min: 0, about: 'random part of it, more or less' },
  },
  on: { upstream: ['basic.publish'], downstream: ['basic.deliver'] },
  open: (lane) => ({
    strike(chunk) {
      const { delay, jitter } = lane.attributes
      lane.send(chunk, chunk.at + delay + jitter * (2 * lane.random() - 1), { aside: true })
    },
  }),
})
