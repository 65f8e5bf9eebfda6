import { expect } from 'chai'
import { broken, HOSTILE, ID, kept, report, unjudged, unknown } from './examples.helper.ts'
import { JOB_SUMMARY_LIMIT_BYTES, jobSummary } from './job-summary.ts'

describe('jobSummary', () => {
  it('puts the worst first', () => {
    const text = jobSummary(
      report({ promises: [unjudged('not applicable', 'x'), kept(), unknown(), broken()] }),
    )
    const places = ['postgres-reset', 'control/1', 'rabbitmq-down', 'engine-cut'].map((name) =>
      text.indexOf(name),
    )
    expect(places.every((place) => place > 0)).to.equal(true)
    expect(places).to.deep.equal(places.toSorted((a, b) => a - b))
    expect(text).to.include(ID)
    expect(text).to.include('1 passed, 2 failed, 1 skipped.')
    expect(text).not.to.include('left out')
  })

  it('stays below 1 MiB in bytes, cut at whole promises, and says how many are left out', () => {
    const error = 'é💥'.repeat(1_000)
    const lines = Array.from({ length: 100 }, (_, index) => `${index} ${error}`)
    const promises = Array.from({ length: 200 }, (_, index) =>
      broken({ scenario: `s${index}`, logLines: [{ node: 'api-1', lines }] }),
    )
    const text = jobSummary(report({ promises }))
    const bytes = Buffer.byteLength(text)
    expect(bytes).to.be.lessThan(JOB_SUMMARY_LIMIT_BYTES)
    expect(bytes).to.be.greaterThan(JOB_SUMMARY_LIMIT_BYTES - 60_000)
    const shown = text.match(/^### /gm)?.length ?? 0
    expect(shown).to.be.greaterThan(15)
    expect(text).to.match(new RegExp(`\\n${200 - shown} more promises left out here`))
    expect(text.match(/<pre>/g)).to.have.length(shown)
    expect(text.match(/<\/pre>/g)).to.have.length(shown)
  })

  it('keeps to any limit that its head fits into', () => {
    const document = report({ promises: [broken(), unknown(), kept(), kept()] })
    const whole = Buffer.byteLength(jobSummary(document))
    const head = Buffer.byteLength(jobSummary(document, 0))
    for (let limit = head + 1; limit <= whole + 1; limit += 1) {
      expect(Buffer.byteLength(jobSummary(document, limit))).to.be.lessThan(limit)
    }
    expect(jobSummary(document, whole + 100)).not.to.include('left out')
  })

  it('lets no text become Markdown or HTML', () => {
    const hostile = { story: HOSTILE, promise: HOSTILE, error: HOSTILE, scenario: HOSTILE }
    const promises = [kept(hostile), broken({ ...hostile, logLines: [{ node: HOSTILE, lines: [HOSTILE] }] })]
    const text = jobSummary(report({ promises, harnessErrors: [HOSTILE], notes: [HOSTILE], seed: HOSTILE }))
    expect(text.match(/<[^>]*>/g)).to.deep.equal(['<pre>', '</pre>'])
    const outside = text.replace(/<pre>[^]*<\/pre>/, '')
    expect(outside).not.to.match(/[`[\]]|https?:|::/)
    const rows = outside.split('\n').filter((line) => line.startsWith('| ✓'))
    expect(rows.map((row) => row.split('|').length)).to.deep.equal([7])
  })
})
