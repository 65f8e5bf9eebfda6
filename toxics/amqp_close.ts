import { defineAmqpToxic } from '../lib/toxic/amqp.ts'

const DELIVERIES = { downstream: ['basic.deliver'] }
const BOTH = { upstream: ['basic.publish'], ...DELIVERIES }

export default defineAmqpToxic({
  type: 'amqp_close',
  about:
    'Ends a channel, a connection or a consumer as the broker would, or blocks a connection: on a message, or at once if it asks for none.',
  attributes: {
    kind: {
      choices: ['channel', 'connection', 'consumer', 'blocked'],
      default: 'connection',
      about: 'what ends: that of the message, or all; blocked: the broker reads nothing until unblocked',
    },
    code: {
      unit: 'code',
      min: 0,
      max: 599,
      default: 0,
      about: 'the reply code; 0: 320, or 406 of a channel',
    },
    text: { text: 'plain', default: 'closed by a toxic', about: 'the reply text, or why it is blocked' },
    timeout: { unit: 'ms', min: 0, default: 0, about: 'unblocked after this time; 0: when it is removed' },
  },
  on: BOTH,
  // A message that is published has no consumer.
  only: ({ kind }) => (kind === 'consumer' ? DELIVERIES : BOTH),
  usually: 'downstream',
  open(lane) {
    const block = () => {
      const unblock = lane.block(lane.attributes.text)
      if (lane.attributes.timeout > 0) lane.after(lane.attributes.timeout, unblock)
      return 'connection.blocked'
    }
    return {
      atOnce() {
        const { kind, ...reply } = lane.attributes
        return kind === 'blocked' ? block() : lane.amqp.end(kind, reply)
      },
      strike(chunk) {
        const { kind, ...reply } = lane.attributes
        if (kind === 'blocked') block()
        else lane.amqp.end(kind, reply, chunk.unit)
        const goesOn = kind === 'blocked' || (kind === 'consumer' && !lane.amqp.answer(chunk.unit, 'requeue'))
        if (goesOn) lane.send(chunk)
        else lane.drop(chunk)
      },
    }
  },
})
