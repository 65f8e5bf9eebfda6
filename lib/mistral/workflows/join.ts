import { defineWorkflow } from './definition.ts'
import parallel from './parallel.ts'

export default defineWorkflow({
  name: 'join',
  about: 'Parallel tasks that meet in one more, `last`, which waits for all of them.',
  parameters: parallel.parameters,
  tasks: (sizes, child) => {
    const branches = parallel.tasks(sizes, child)
    return { ...branches, last: { after: Object.keys(branches), join: true } }
  },
})
