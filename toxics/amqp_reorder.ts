import { defineAmqpToxic } from '../lib/toxic/amqp.ts'

export default defineAmqpToxic({
  type: 'amqp_reorder',
  about: 'Swaps two matched messages of a connection: the first goes behind the second; others pass it.',
  attributes: {
    timeout: {
      unit: 'ms',
      default: 1000,
      min: 1,
      about: 'the first goes after this time, if no second comes',
    },
    count: {
      unit: 'messages',
      min: 0,
      default: 2,
      ours: true,
      about: 'two for each swap; 0: all from the nth on',
    },
  },
  on: { upstream: ['basic.publish'], downstream: ['basic.deliver'] },
  open(lane) {
    let first: (() => void) | undefined
    return {
      strike(chunk) {
        const release = first
        if (release) {
          first = undefined
          lane.send(chunk)
          return release()
        }
        const kept = lane.keep(chunk)
        first = kept
        lane.after(lane.attributes.timeout, () => {
          if (first === kept) first = undefined
          kept()
        })
      },
      updated: () => void (first = undefined),
    }
  },
})
