import { defineAmqpToxic } from '../lib/toxic/amqp.ts'

export default defineAmqpToxic({
  type: 'amqp_drop',
  about: 'Loses a message: upstream before the broker has it, downstream before its consumer does.',
  attributes: {
    tell: {
      choices: ['ok', 'nack', 'nothing'],
      default: 'ok',
      about: 'what its sender is told: a publisher by a confirm, the broker by an ack; nothing: it waits',
    },
  },
  on: { upstream: ['basic.publish'], downstream: ['basic.deliver'] },
  open: (lane) => ({
    strike(chunk) {
      const { tell } = lane.attributes
      lane.drop(chunk)
      if (tell !== 'nothing') lane.amqp.answer(chunk.unit, tell)
    },
  }),
})
