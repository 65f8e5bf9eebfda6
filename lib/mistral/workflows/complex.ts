import { defineWorkflow, type TaskPlans } from './definition.ts'
import join from './join.ts'
import parallelSequences from './parallel-sequences.ts'
import parallel from './parallel.ts'
import sequence from './sequence.ts'
import sequencesJoin from './sequences-join.ts'
import withItems from './with-items.ts'

export default defineWorkflow({
  name: 'complex',
  about: 'The six others as parallel sub-workflows that meet in one more task, `last`.',
  parameters: {
    tasks: { default: 3, min: 1, about: 'tasks in each sequence or side by side, in each sub-workflow' },
    sequences: { default: 2, min: 1, about: 'parallel sequences, where a sub-workflow has them' },
    items: { default: 3, min: 1, about: 'elements of the list of with-items' },
  },
  tasks: ({ tasks, sequences, items }, child) => {
    const parts: TaskPlans = {
      sequence: { workflow: child(sequence, { tasks }) },
      parallel: { workflow: child(parallel, { tasks }) },
      parallel_sequences: { workflow: child(parallelSequences, { sequences, tasks }) },
      join: { workflow: child(join, { tasks }) },
      sequences_join: { workflow: child(sequencesJoin, { sequences, tasks }) },
      with_items: { workflow: child(withItems, { items }) },
    }
    return { ...parts, last: { after: Object.keys(parts), join: true } }
  },
})
