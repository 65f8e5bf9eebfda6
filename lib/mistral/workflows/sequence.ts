import { chain, defineWorkflow, numbered } from './definition.ts'

export default defineWorkflow({
  name: 'sequence',
  about: 'Tasks one after the other.',
  parameters: { tasks: { default: 10, min: 1, about: 'tasks in the sequence' } },
  tasks: ({ tasks }) => chain(numbered('t', tasks)),
})
