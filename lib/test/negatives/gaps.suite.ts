import { expect, scenario, type KnownGap } from '../../scenario/index.ts'

/** No Mistral is like that: what it is held against is a workflow that succeeds where it was to fail. */
const ENDS_WELL: KnownGap = {
  name: 'it ends well',
  because: 'it does',
  breaks: [{ word: 'failed', text: /is SUCCESS$/ }],
  rpc: ['oslo', 'kombu'],
  mistral: Array.from({ length: 100 }, (_, version) => version),
  seen: 'forced',
}

describe('Mistral has a gap', () => {
  const run = scenario()

  it('breaks as known', async () => {
    await run.start('sequence', { tasks: 1, action: 'noop' })
    expect(await run.verdict({ faultless: true, expect: 'ERROR' })).to.be.knownGap(ENDS_WELL)
  })

  it('breaks otherwise', async () => {
    const another = { ...ENDS_WELL, breaks: [{ word: 'failed', text: /is CANCELLED$/ } as const] }
    await run.start('sequence', { tasks: 1, action: 'noop' })
    expect(await run.verdict({ faultless: true, expect: 'ERROR' })).to.be.knownGap(another)
  })

  it('has closed', async () => {
    await run.start('sequence', { tasks: 1, action: 'noop' })
    expect(await run.verdict({ faultless: true })).to.be.knownGap(ENDS_WELL)
  })
})
