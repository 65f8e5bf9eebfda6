import { defineWorkflow } from './definition.ts'

export default defineWorkflow({
  name: 'with-items',
  about: 'One task that runs its action once for each element of a list.',
  parameters: { items: { default: 10, min: 1, about: 'elements of the list' } },
  tasks: ({ items }) => ({ each: { items } }),
})
