import { defineToxic } from '../lib/toxic.ts'

export default defineToxic({
  type: 'reset_peer',
  about: 'Resets both sides of the connection (TCP RST) after a time.',
  attributes: {
    timeout: { unit: 'ms', default: 0, min: 0, about: 'from the first moment on this connection' },
  },
  open(lane) {
    const arm = () => lane.after(lane.attributes.timeout, () => lane.reset())
    arm()
    return { updated: arm }
  },
})
