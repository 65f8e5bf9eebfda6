import { defineToxic } from '../lib/toxic.ts'

export default defineToxic({
  type: 'timeout',
  about: 'Swallows all data, and closes the connection after a time; with 0 never: a black hole.',
  attributes: {
    timeout: { unit: 'ms', default: 0, min: 0, about: 'until it closes; 0 is never' },
    mode: {
      choices: ['idle', 'absolute'],
      default: 'idle',
      ours: true,
      about: 'since when: since the last data, or since the first moment on this connection',
    },
  },
  closesWhenRemoved: 'always',
  open(lane) {
    let since = lane.now()
    const watch = () => {
      const { timeout } = lane.attributes
      if (timeout === 0) return
      const left = since + timeout - lane.now()
      if (left > 0) lane.after(left, watch)
      else lane.close()
    }
    watch()
    return {
      data(chunk) {
        lane.drop(chunk)
        if (lane.attributes.mode === 'idle') since = chunk.at
      },
      updated() {
        since = lane.now()
        watch()
      },
    }
  },
})
