import { buildWorkflow } from '../../mistral/workflows/index.ts'
import { expect, scenario } from '../../scenario/index.ts'

describe('Workflows wait for somebody', () => {
  const run = scenario()

  it('is told of an action that nobody completes and of a workflow that somebody has paused', async () => {
    const sizes = { tasks: 1, action: 'noop', retries: 0 } as const
    // Known to the run under its own name; then the same name is given another action, and nothing else changes.
    await run.start('sequence', sizes)
    const definition = buildWorkflow('sequence', sizes).at(-1)
    await run.session.rest().createWorkflow(String(definition?.yaml).replace('std.noop', 'std.async_noop'))
    await run.start('sequence', sizes)
    run.hold()
    const [paused = ''] = await run.start('sequence', { tasks: 2 })
    await run.effects(1)
    await run.session.rest().setExecutionState(paused, 'PAUSED')
    run.release()
    expect(await run.verdict({ faultless: true })).to.be.valid
  })
})
