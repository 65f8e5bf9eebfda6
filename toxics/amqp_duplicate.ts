import { defineAmqpToxic } from '../lib/toxic/amqp.ts'

export default defineAmqpToxic({
  type: 'amqp_duplicate',
  about: 'Doubles a message: upstream it is published twice, downstream delivered twice.',
  attributes: {
    to: {
      choices: ['same', 'other'],
      default: 'same',
      about: 'who gets a delivery too: its consumer once more, or another one of its queue, on whatever link',
    },
  },
  on: { upstream: ['basic.publish'], downstream: ['basic.deliver'] },
  open(lane) {
    const goesElsewhere = () => lane.stream === 'downstream' && lane.attributes.to === 'other'
    return {
      matches: ({ unit }) => !goesElsewhere() || lane.amqp.canDeliverElsewhere(unit),
      strike(chunk) {
        lane.send(chunk)
        if (goesElsewhere()) lane.amqp.deliverElsewhere(chunk)
        else lane.copy(chunk)
      },
    }
  },
})
