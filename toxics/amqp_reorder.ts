import { defineAmqpToxic } from '../lib/toxic/amqp.ts'

/** The lane on which a first one waits for its second, and until when: the lane may have ended meanwhile. */
interface Waiting {
  lane: object | undefined
  until: number
}

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
    const waiting = lane.shared<Waiting>(() => ({ lane: undefined, until: 0 }))
    return {
      // A swap that is counted is done on one connection: what comes on others meanwhile is no second one.
      matches: () =>
        lane.attributes.count === 0 ||
        waiting.lane === undefined ||
        waiting.lane === lane ||
        lane.now() >= waiting.until,
      strike(chunk) {
        const release = first
        if (release) {
          first = undefined
          waiting.lane = undefined
          lane.send(chunk)
          return release()
        }
        const kept = lane.keep(chunk)
        first = kept
        Object.assign(waiting, { lane, until: lane.now() + lane.attributes.timeout })
        lane.after(lane.attributes.timeout, () => {
          if (first === kept) first = undefined
          kept()
        })
      },
      updated() {
        first = undefined
        waiting.lane = undefined
      },
    }
  },
})
