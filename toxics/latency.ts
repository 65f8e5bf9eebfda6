import { defineToxic } from '../lib/toxic.ts'

export default defineToxic({
  type: 'latency',
  about: 'Delays every chunk by latency ± jitter.',
  attributes: {
    latency: { unit: 'ms', default: 0, min: 0, about: 'added to every chunk' },
    jitter: { unit: 'ms', default: 0, min: 0, about: 'random part of it, more or less' },
  },
  open: (lane) => ({
    data(chunk) {
      const { latency, jitter } = lane.attributes
      lane.send(chunk, chunk.at + latency + jitter * (2 * lane.random() - 1))
    },
  }),
})
