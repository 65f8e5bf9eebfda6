import { defineWorkflow, numbered } from './definition.ts'
import parallelSequences from './parallel-sequences.ts'

export default defineWorkflow({
  name: 'sequences-join',
  about: 'Parallel sequences that meet in one more task, `last`, which waits for all of them.',
  parameters: parallelSequences.parameters,
  tasks: (sizes, child) => {
    const ends = numbered('s', sizes.sequences).map((sequence) => `${sequence}_t${sizes.tasks}`)
    return { ...parallelSequences.tasks(sizes, child), last: { after: ends, join: true } }
  },
})
