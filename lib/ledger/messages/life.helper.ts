/** One execution's whole life on the wire, written by hand. */
import * as story from '../story.helper.ts'
import * as wire from './wire.helper.ts'

const { actionRow, effect, executionRow, taskRow } = story
const { bound, opened, passed, replyTo, result, runAction } = wire

export const A1 = 'a:e1.t1'
const A2 = 'a:e1.t2'
export const start = wire.startWorkflow('e1')
/** Connections of every node: one that it publishes on, one that it consumes on. */
export const links = ['api-1', 'engine-1', 'executor-1', 'executor-2'].flatMap((node): story.Story =>
  [1, 2].map((connection) => [5, opened(`${node}.rabbitmq`, connection)]),
)

/** The whole life of `e1`, workflow `two`, on the wire: in the order of what happens. */
export const life: story.Story = [
  ...links,
  ...bound('mistral_engine'),
  ...bound('mistral_executor'),
  ...passed(10, start, ['api-1', 1], ['engine-1', 1]),
  ...passed(20, replyTo(start), ['engine-1', 1], ['api-1', 1]),
  ...passed(30, runAction(A1), ['engine-1', 2], ['executor-1', 1]),
  [40, effect('e1', 't1')],
  ...passed(50, result(A1), ['executor-1', 1], ['engine-1', 2]),
  ...passed(60, runAction(A2), ['engine-1', 3], ['executor-1', 2]),
  [70, effect('e1', 't2')],
  ...passed(80, result(A2), ['executor-1', 2], ['engine-1', 3]),
]
/** The rows of `e1` when its first action was never heard of again and has expired. */
export const expiredRows = {
  executions: [executionRow('e1', 'ERROR')],
  tasks: [taskRow('e1', 't1', 'ERROR')],
  actions: [actionRow('e1.t1', 'ERROR', { expired: true })],
}
/** `e1` until its first action, and what happened then. */
export const upTo = (...then: story.Story): story.Story => [...life.slice(0, links.length + 6 + 8), ...then]
