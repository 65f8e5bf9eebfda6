import { defineToxic } from '../lib/toxic.ts'

/** A connection's data is cut no finer than what passes in this time; finer where all wait for one bucket. */
const PIECE_MS = { connection: 20, proxy: 5 }
/** What a stall of ours has kept back may be caught up, but not as a burst. */
const CATCH_UP_MS = 80

const newBucket = () => ({ emptyAt: 0 })

export default defineToxic({
  type: 'bandwidth',
  about: 'Limits the bytes per second of each connection and direction.',
  attributes: {
    rate: { unit: 'KB/s', min: 1, about: '1 KB is 1000 bytes' },
    scope: {
      choices: ['connection', 'proxy'],
      default: 'connection',
      ours: true,
      about: 'whose rate it is: each connection has its own, or all of the proxy share one',
    },
  },
  open(lane) {
    const own = newBucket()
    const bucket = () => (lane.attributes.scope === 'proxy' ? lane.shared(newBucket) : own)
    return {
      data(chunk) {
        lane.pace(chunk, (left) => {
          // KB/s are bytes per millisecond.
          const { rate, scope } = lane.attributes
          const size = Math.min(left, rate * PIECE_MS[scope])
          const begins = Math.max(bucket().emptyAt, chunk.at, lane.now() - CATCH_UP_MS)
          bucket().emptyAt = begins + size / rate
          return { size, due: bucket().emptyAt }
        })
      },
      updated: () => void (bucket().emptyAt = lane.now()),
    }
  },
})
