import { definePostgresToxic, EXECUTES } from '../lib/toxic/postgres.ts'

export default definePostgresToxic({
  type: 'pg_delay',
  about:
    'Delays a statement before the server has it (upstream), or its answer (downstream), by ms ± jitter.',
  attributes: {
    ms: { unit: 'ms', min: 0, default: 1000, about: 'what follows on the connection waits too' },
    jitter: { unit: 'ms', min: 0, default: 0, about: 'random part of it, more or less' },
  },
  on: { upstream: EXECUTES, downstream: ['*'] },
  open: (lane) => ({
    strike(chunk) {
      const { ms, jitter } = lane.attributes
      lane.send(chunk, chunk.at + ms + jitter * (2 * lane.random() - 1))
    },
  }),
})
