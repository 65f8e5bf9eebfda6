import { definePostgresToxic, EXECUTES } from '../lib/toxic/postgres.ts'

export default definePostgresToxic({
  type: 'pg_cut',
  about: 'Cuts the connection at a statement: its client does not learn whether it was done.',
  attributes: {
    when: {
      choices: ['before', 'after'],
      default: 'after',
      about: 'before: the server never has it; after: it has answered, and the client has none of the answer',
    },
    how: { choices: ['reset', 'close'], default: 'reset', about: 'by a TCP RST or a FIN' },
  },
  on: { upstream: EXECUTES },
  closesWhenRemoved: true,
  open: (lane) => {
    const cut = () => (lane.attributes.how === 'reset' ? lane.reset() : lane.finish())
    return {
      strike(chunk) {
        if (lane.attributes.when === 'after') return lane.sendUnheard(chunk, cut)
        lane.drop(chunk)
        cut()
      },
    }
  },
})
