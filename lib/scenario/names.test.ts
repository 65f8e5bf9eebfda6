import { expect } from 'chai'
import { published, runAction } from '../ledger/messages/wire.helper.ts'
import type { NamedRows } from '../mistral/database.ts'
import type { ProxyEvent } from '../proxy/events.ts'
import { poll } from '../util/poll.ts'
import { Names } from './names.ts'

const ROWS: NamedRows = {
  executions: [
    { id: 'e1', name: 'join', of: null },
    { id: 'e2', name: 'child', of: 't1' },
  ],
  tasks: [{ id: 't1', name: 'first', of: 'e1' }],
  actions: [{ id: 'a1', name: 'std.http', of: 't1' }],
}

async function filled(rows = ROWS): Promise<Names> {
  const names = new Names()
  names.use(async () => rows)
  await names.refresh()
  return names
}

/** A toxic of an engine's link that asks for a task by its name. */
const toxic = (kind: 'toxic.added' | 'toxic.removed', attributes: Record<string, string>): ProxyEvent =>
  ({ kind, proxy: 'engine-1.rabbitmq', at: 0, toxic: { name: 'x', stream: 'upstream', attributes } }) as never

describe('names of what calls are about', () => {
  it('are those of its ids, and of what these belong to', async () => {
    const names = await filled()
    expect(names.of('action', { action: 'a1' })).to.deep.equal(['a1', 'std.http'])
    expect(names.of('task', { action: 'a1' })).to.deep.equal(['t1', 'first'])
    expect(names.of('workflow', { action: 'a1' })).to.deep.equal(['e1', 'join'])
    expect(names.of('task', { workflow: 'e2' })).to.deep.equal(['t1', 'first'])
    expect(names.of('action', { actions: ['a1'] })).to.deep.equal(['a1', 'std.http'])
  })

  it('are none of a kind that it is not about, and not known where it may be', async () => {
    const names = await filled()
    expect(names.of('task', { workflow: 'e1' })).to.deep.equal([])
    expect(names.of('action', { workflow: 'e1' })).to.deep.equal([])
    expect(names.of('task', { action: 'a9' })).to.equal(undefined)
    expect(names.of('workflow', { workflow: 'e9' })).to.equal(undefined)
  })

  it('are learned from what is asked for and from calls that name both', () => {
    const names = new Names()
    names.onEvent(toxic('toxic.added', { task: 'first' }))
    names.learn({ kind: 'execution.requested', execution: 'e3', workflow: 'parallel' })
    names.learn(published('engine-1', 1, runAction('a3', { task: 't3', workflow: 'e3' })))
    expect(names.of('workflow', { action: 'a3' })).to.deep.equal(['e3', 'parallel'])
    expect(names.of('task', { action: 'a3' })).to.equal(undefined)
  })

  it('are read as long as a toxic asks for them', async () => {
    let reads = 0
    using names = new Names()
    names.use(async () => {
      reads += 1
      return ROWS
    })
    names.onEvent(toxic('toxic.added', { workflow: '', task: '' }))
    expect(reads).to.equal(0)
    names.onEvent(toxic('toxic.added', { task: 'first' }))
    await poll(() => reads > 2 || undefined, { what: 'the third reading', deadlineMs: 2000 })
    names.onEvent(toxic('toxic.removed', { task: 'first' }))
    await names.refresh()
    const before = reads
    await new Promise((resolve) => setImmediate(resolve))
    expect(reads).to.equal(before)
  })

  it('are asked for from the first toxic that does to the last', () => {
    const asked: boolean[] = []
    using names = new Names((asks) => asked.push(asks))
    names.onEvent(toxic('toxic.added', { workflow: '', task: '' }))
    names.onEvent(toxic('toxic.added', { task: 'first' }))
    names.onEvent(toxic('toxic.added', { task: 'second' }))
    expect(asked).to.deep.equal([true])
    names.onEvent(toxic('toxic.removed', { task: 'second' }))
    expect(asked).to.deep.equal([true, false])
  })

  it('stay as they were when the database does not answer', async () => {
    let fails = false
    const names = new Names()
    names.use(() => (fails ? Promise.reject(new Error('gone')) : Promise.resolve(ROWS)))
    await names.refresh()
    fails = true
    await names.refresh()
    expect(names.of('action', { action: 'a1' })).to.deep.equal(['a1', 'std.http'])
  })

  it('are not read any more for a toxic whose link is gone', async () => {
    using names = new Names()
    names.onEvent(toxic('toxic.added', { task: 'first' }))
    names.onEvent({ kind: 'removed', proxy: 'engine-1.rabbitmq', at: 0 })
    let reads = 0
    names.use(async () => {
      reads += 1
      return ROWS
    })
    expect(reads).to.equal(0)
  })
})
