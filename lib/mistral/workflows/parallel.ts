import { defineWorkflow, numbered } from './definition.ts'

export default defineWorkflow({
  name: 'parallel',
  about: 'Tasks side by side, with nothing after them.',
  parameters: { tasks: { default: 10, min: 1, about: 'parallel tasks' } },
  tasks: ({ tasks }) => Object.fromEntries(numbered('t', tasks).map((name) => [name, {}])),
})
