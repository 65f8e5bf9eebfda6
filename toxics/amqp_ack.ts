import { defineAmqpToxic } from '../lib/toxic/amqp.ts'

/** Each by its stream: a consumer answers the broker, the broker a publisher. */
const ANSWERS = {
  ack: { upstream: ['basic.ack'] },
  nack: { upstream: ['basic.nack', 'basic.reject'] },
  confirm: { downstream: ['basic.ack', 'basic.nack'] },
} as const

export default defineAmqpToxic({
  type: 'amqp_ack',
  about:
    'Loses, delays or doubles what answers a message that matches: the ack or nack of its consumer, or its confirm.',
  attributes: {
    what: {
      choices: ['ack', 'nack', 'confirm'],
      default: 'ack',
      about: 'ack, nack (or reject): of a consumer, upstream; confirm: of the broker, downstream',
    },
    do: {
      choices: ['lose', 'delay', 'duplicate'],
      default: 'lose',
      about: 'what becomes of it; a broker closes the channel of a consumer that acks twice',
    },
    delay: { unit: 'ms', default: 1000, min: 0, about: 'how late it is' },
  },
  on: { ...ANSWERS.confirm, upstream: [...ANSWERS.ack.upstream, ...ANSWERS.nack.upstream] },
  only: ({ what }) => ANSWERS[what],
  answers: true,
  open: (lane) => ({
    strike(chunk) {
      const { do: how, delay } = lane.attributes
      if (how === 'lose') return lane.drop(chunk)
      lane.send(chunk, how === 'delay' ? chunk.at + delay : 0, { aside: true })
      if (how === 'duplicate') lane.copy(chunk)
    },
  }),
})
