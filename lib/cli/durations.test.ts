import { expect } from 'chai'
import { InvalidArgumentError } from 'commander'
import { durationOption, newDurationOption, parseDuration, passedTime } from './durations.ts'

describe('a duration as people type it', () => {
  it('is a number with its unit', () => {
    const texts = ['500ms', '10s', '1.5s', '2m', '1h', '0s']
    expect(texts.map(parseDuration)).to.deep.equal([500, 10_000, 1500, 120_000, 3_600_000, 0])
  })

  it('is nothing without a unit, with a sign, or with more behind it', () => {
    for (const text of ['10', '', 's', '-1s', '1 s', '1e3ms', '10s ', '1d', '.5s'])
      expect(parseDuration(text), text).to.equal(undefined)
  })

  it('is at least 1 ms as the length of a fault', () => {
    expect(durationOption('1ms')).to.equal(1)
    for (const text of ['0s', '0.4ms', '10'])
      expect(() => durationOption(text), text).to.throw(InvalidArgumentError)
  })

  it('may be for ever once there is a fault', () => {
    expect([newDurationOption('ever'), newDurationOption('2s')]).to.deep.equal([0, 2000])
    for (const text of ['0s', 'never'])
      expect(() => newDurationOption(text), text).to.throw(InvalidArgumentError)
  })
})

describe('a time that passes', () => {
  it('is told no finer than people care', () => {
    const times = [0, 3240, 9940, 45_000, 119_000, 600_000, 12_000_000]
    expect(times.map(passedTime)).to.deep.equal([
      '0.0 s',
      '3.2 s',
      '9.9 s',
      '45 s',
      '119 s',
      '10 min',
      '3 h 20 min',
    ])
  })
})
