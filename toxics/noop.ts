import { defineToxic } from '../lib/toxic.ts'

export default defineToxic({
  type: 'noop',
  about: 'Does nothing.',
  attributes: {},
  open: () => ({}),
})
