import { chain, defineWorkflow, numbered } from './definition.ts'

export default defineWorkflow({
  name: 'parallel-sequences',
  about: 'Sequences side by side.',
  parameters: {
    sequences: { default: 3, min: 1, about: 'parallel sequences' },
    tasks: { default: 4, min: 1, about: 'tasks in each sequence' },
  },
  tasks: ({ sequences, tasks }) => {
    const chains = numbered('s', sequences).map((sequence) => chain(numbered(`${sequence}_t`, tasks)))
    return Object.fromEntries(chains.flatMap(Object.entries))
  },
})
