import { defineToxic } from '../lib/toxic.ts'

export default defineToxic({
  type: 'limit_data',
  about: 'Closes the connection once so many bytes have passed.',
  attributes: {
    bytes: { unit: 'B', default: 0, min: 0, about: 'what has passed before it was changed counts' },
  },
  open(lane) {
    let passed = 0
    return {
      data({ bytes, at }) {
        const left = Math.max(lane.attributes.bytes - passed, 0)
        const last = bytes.subarray(0, left)
        const beyond = bytes.subarray(left)
        passed += last.length
        if (last.length > 0) lane.send({ bytes: last, at })
        if (beyond.length > 0) lane.drop({ bytes: beyond, at })
        if (passed >= lane.attributes.bytes) lane.finish()
      },
    }
  },
})
