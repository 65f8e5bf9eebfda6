import { expect } from 'chai'
import { annotations } from './annotations.ts'
import { broken, HOSTILE, kept, report, unjudged, unknown } from './examples.helper.ts'

const many = (count: number) => Array.from({ length: count }, (_, index) => broken({ scenario: `s${index}` }))

describe('annotations', () => {
  it('makes one of each promise that failed, worst first', () => {
    const lines = annotations(
      report({ promises: [kept(), unknown(), broken(), unjudged('not applicable', 'x')] }),
    )
    expect(lines).to.have.length(2)
    expect(lines[0]).to.match(
      /^::error title=postgres-reset%3A finishes every workflow \(broken\),file=suites\/postgres-reset\.suite\.ts::expected/,
    )
    expect(lines[1]).to.include('(unknown),file=suites/control.suite.ts::')
  })

  it('makes one of all repetitions of a promise', () => {
    const again = broken({ scenario: 'postgres-reset/1@2', repeat: 2 })
    const third = broken({ scenario: 'postgres-reset/1@3', repeat: 3, status: 'kept' })
    const lines = annotations(report({ promises: [broken(), again, third] }))
    expect(lines).to.have.length(1)
    expect(lines[0]).to.include('(broken in 2 of 3 runs)')
  })

  it('makes at most ten, the tenth saying how many more there are', () => {
    expect(annotations(report({ promises: many(10) }))).to.have.length(10)
    const lines = annotations(report({ promises: many(12), harnessErrors: ['boot'] }))
    expect(lines).to.have.length(10)
    expect(lines[0]).to.equal('::error title=Crosswind%3A harness error::boot')
    expect(lines[9]).to.include('::4 more errors')
  })

  it('escapes as the runner reads', () => {
    const promise = broken({ promise: 'a,b:c%\r\nd', error: HOSTILE })
    const [line = ''] = annotations(report({ promises: [promise] }))
    expect(line).to.include('title=postgres-reset%3A a%2Cb%3Ac%25%0D%0Ad (broken),file=')
    expect(line).not.to.match(/[\r\n]/)
    const harness = annotations(report({ promises: [], harnessErrors: ['50% of\r\nit'] }))
    expect(harness[0]).to.match(/::50%25 of%0D%0Ait$/)
  })
})
