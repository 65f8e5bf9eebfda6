import { defineAmqpToxic } from '../lib/toxic/amqp.ts'

export default defineAmqpToxic({
  type: 'amqp_heartbeat',
  about: 'Loses heartbeats, so that a side that sends nothing else seems dead to the other.',
  attributes: {
    count: {
      unit: 'messages',
      min: 0,
      default: 0,
      ours: true,
      about: 'so many are lost; 0: all from the nth on',
    },
  },
  on: { upstream: ['heartbeat'], downstream: ['heartbeat'] },
  open: (lane) => ({ strike: (chunk) => lane.drop(chunk) }),
})
