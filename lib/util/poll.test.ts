import { expect } from 'chai'
import { DeadlineError, poll } from './poll.ts'

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it came',
    (error: unknown) => error,
  )

const never = (): undefined => undefined

describe('poll', () => {
  it('gives the first thing that is seen, a false one too', async () => {
    let looks = 0
    const seen = await poll(() => ((looks += 1) < 3 ? undefined : false), {
      what: 'x',
      deadlineMs: 5000,
      everyMs: 1,
    })
    expect({ seen, looks }).to.deep.equal({ seen: false, looks: 3 })
  })

  it('looks once more when the deadline has come, and tells what was awaited', async () => {
    let looks = 0
    const options = { what: 'the moon', deadlineMs: 0, detail: () => `${looks} looks` }
    const error = await failure(poll(() => void (looks += 1), options))
    expect(error).to.be.instanceOf(DeadlineError)
    expect(String(error)).to.equal('DeadlineError: the moon: not within 0.0 s\n1 looks')
  })

  it('ends with the error of a look', async () => {
    const error = await failure(
      poll(() => Promise.reject(new Error('blind')), { what: 'x', deadlineMs: 5000 }),
    )
    expect(String(error)).to.equal('Error: blind')
  })

  it('ends when it is aborted, before a look and between two', async () => {
    const controller = new AbortController()
    const waiting = failure(
      poll(never, { what: 'x', deadlineMs: 60_000, everyMs: 60_000, signal: controller.signal }),
    )
    controller.abort()
    expect(await waiting).to.have.property('name', 'AbortError')
    const late = failure(poll(never, { what: 'x', deadlineMs: 60_000, signal: controller.signal }))
    expect(await late).to.have.property('name', 'AbortError')
  })
})
