import { defineToxic } from '../lib/toxic.ts'

export default defineToxic({
  type: 'slicer',
  about: 'Cuts data into pieces of average_size ± size_variation, with a delay behind each.',
  attributes: {
    average_size: { unit: 'B', min: 1, about: 'of a piece' },
    size_variation: { unit: 'B', default: 0, min: 0, about: 'random part of it, more or less' },
    delay: { unit: 'µs', default: 0, min: 0, about: 'from one piece to the next' },
  },
  open(lane) {
    let readyAt = 0
    return {
      data(chunk) {
        lane.pace(chunk, (left) => {
          const { average_size, size_variation, delay } = lane.attributes
          const size = Math.round(average_size + size_variation * (2 * lane.random() - 1))
          const due = Math.max(readyAt, chunk.at)
          readyAt = due + delay / 1000
          return { size: Math.min(Math.max(size, 1), left), due }
        })
      },
      updated: () => void (readyAt = 0),
    }
  },
})
