import { definePostgresToxic, EXECUTES } from '../lib/toxic/postgres.ts'

export default definePostgresToxic({
  type: 'pg_hold',
  about: 'Holds a statement before the server has it: its transaction stays open, with all its locks.',
  attributes: {
    ms: { unit: 'ms', min: 0, default: 0, about: 'for so long; 0: until this toxic is changed or removed' },
  },
  on: { upstream: EXECUTES },
  open: (lane) => ({
    strike(chunk) {
      const { ms } = lane.attributes
      if (ms === 0) lane.hold(chunk)
      else lane.send(chunk, chunk.at + ms)
    },
    // A client that is gone holds nothing.
    end() {
      lane.release()
      lane.end()
    },
  }),
})
