import { defineToxic } from '../lib/toxic.ts'

export default defineToxic({
  type: 'timeout',
  about: 'Swallows all data, and closes the connection after a time; with 0 never: a black hole.',
  attributes: {
    timeout: {
      unit: 'ms',
      default: 0,
      min: 0,
      about: 'from the first moment on this connection; 0 is never',
    },
  },
  closesWhenRemoved: true,
  open(lane) {
    const arm = () => {
      if (lane.attributes.timeout > 0) lane.after(lane.attributes.timeout, () => lane.close())
    }
    arm()
    return { data: (chunk) => lane.drop(chunk), updated: arm }
  },
})
