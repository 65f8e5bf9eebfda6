import { defineToxic } from '../lib/toxic.ts'

export default defineToxic({
  type: 'slow_close',
  about: 'Delays the close of this direction.',
  attributes: {
    delay: { unit: 'ms', default: 0, min: 0, about: 'from the end of the stream to its passing on' },
  },
  open: (lane) => ({ end: () => lane.end(lane.now() + lane.attributes.delay) }),
})
