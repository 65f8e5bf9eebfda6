import { expect, scenario } from '../../scenario/index.ts'

describe('A test is wrong', () => {
  const run = scenario()

  /** A verdict that is valid: whatever fails beside it must still be seen. */
  async function validVerdict(): Promise<void> {
    await run.start('sequence', { tasks: 1, action: 'noop' })
    expect(await run.verdict({ faultless: true })).to.be.valid
  }

  it('asserts something without a verdict', () => {
    expect('this').to.equal('that')
  })

  it('throws', () => {
    throw new Error('a plain error')
  })

  it('throws what is no error', () => {
    // oxlint-disable-next-line typescript/only-throw-error -- what is tested.
    throw 'a string'
  })

  it('mistypes an attribute of a toxic', async () => {
    await run.links('*', 'rabbitmq').toxic('latency', { latncy: 100 })
  })

  it('asks for no verdict', async () => {
    await run.start('sequence', { tasks: 1, action: 'noop' })
  })

  it('asks for a verdict that is invalid and does not look at it', async () => {
    await run.start('sequence', { tasks: 1, action: 'noop' })
    await run.verdict({ faultless: true, expect: 'ERROR' })
  })

  it('asks for a verdict that is unknown and does not look at it', async () => {
    await run.start('sequence', { tasks: 1, action: 'noop' })
    await run.verdict()
  })

  it('asserts something else after a valid verdict', async () => {
    await validVerdict()
    expect('this').to.equal('that')
  })

  it('throws after a valid verdict', async () => {
    await validVerdict()
    throw new Error('a plain error')
  })

  it('forgets a promise that fails', async () => {
    void Promise.reject(new Error('nobody waits for it'))
    await validVerdict()
  })

  it('throws in a timer', async () => {
    setTimeout(() => {
      throw new Error('out of a timer')
    }, 10)
    await validVerdict()
  })

  it('takes longer than it allows itself', async function impatient() {
    this.timeout(20)
    await validVerdict()
  })

  it('skips itself when it sees how it ends', async function skipped() {
    await validVerdict()
    this.skip()
  })

  it('asks to be tried again', async function flaky() {
    this.retries(1)
    await validVerdict()
  })

  it.skip('is skipped', validVerdict)

  it('is not written yet')
})

describe('A hook of the suite fails', () => {
  const run = scenario()

  afterEach('looks at what the promise left', () => {
    throw new Error('it left something')
  })

  it('is kept but for the hook', async () => {
    await run.start('sequence', { tasks: 1, action: 'noop' })
    expect(await run.verdict({ faultless: true })).to.be.valid
  })
})

describe('A last hook of the suite fails', () => {
  const run = scenario()

  after('looks at what all of them left', () => {
    throw new Error('they left something')
  })

  it('is kept', async () => {
    await run.start('sequence', { tasks: 1, action: 'noop' })
    expect(await run.verdict({ faultless: true })).to.be.valid
  })
})

describe('A suite forgets to say that it needs a cluster', () => {
  it('proves nothing', () => {})
})
