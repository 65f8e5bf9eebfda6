import { expect } from 'chai'
import type { BrokerRead, DatabaseRead } from './entries.ts'
import { sameEssence, settledFor, unsettled, type SettlingLook } from './settle.ts'
import { actionRow, broker, doneRows, job, read, runningRows, together } from './story.helper.ts'

const at = (time: number, rows: Partial<DatabaseRead>) => ({ ...read('waiting', rows), at: time })
const emptyQueues = broker([{ name: 'mistral_engine' }]) as BrokerRead
const look = (more: Partial<SettlingLook>) =>
  unsettled({ readings: [], broker: emptyQueues, bytesHeld: 0, faultsOn: [], ...more })

describe('settling', () => {
  it('takes a second of equal readings when everything is terminal', () => {
    const [first, second] = [at(0, doneRows('e1')), at(1_000, doneRows('e1'))]
    expect(look({ readings: [first, second] })).to.deep.equal([])
    expect(look({ readings: [first, { ...second, at: 999 }] })).to.deep.equal([
      'the database was the same for 999 ms only, not 1000 ms',
    ])
  })

  it('takes fifteen when something is not', () => {
    const [first, second] = [at(0, runningRows('e1')), at(15_000, runningRows('e1'))]
    expect(look({ readings: [first, second] })).to.deep.equal([])
    expect(look({ readings: [first, { ...second, at: 14_000 }] })).to.have.length(1)
  })

  it('takes fifteen when only some are terminal, or nothing has a row yet', () => {
    for (const rows of [together(doneRows('e1'), runningRows('e2')), {}]) {
      const readings = [at(0, rows), at(14_000, rows)]
      expect(look({ readings })).to.have.length(1)
    }
  })

  it('takes fifteen when what was asked for has no row yet', () => {
    const readings = [at(0, doneRows('e1')), at(14_000, doneRows('e1'))]
    expect(look({ readings, executions: ['e1'] })).to.deep.equal([])
    expect(look({ readings, executions: ['e1', 'e2'] })).to.have.length(1)
  })

  it('takes fifteen while a consumer holds messages, and no time is enough while some are ready', () => {
    const held = broker([{ name: 'mistral_executor', unacked: 2 }]) as BrokerRead
    const readings = [at(0, doneRows('e1')), at(14_000, doneRows('e1'))]
    expect(look({ readings, broker: held })).to.deep.equal([
      'queue mistral_executor has 0 messages ready and 2 unacked',
    ])
    const later = [...readings, at(15_000, doneRows('e1'))]
    expect(look({ readings: later, broker: held })).to.deep.equal([])
    const ready = broker([{ name: 'mistral_executor', ready: 1 }]) as BrokerRead
    expect(look({ readings: later, broker: ready })).to.have.length(1)
  })

  it('goes by the last reading', () => {
    const readings = [at(0, runningRows('e1')), at(5_000, doneRows('e1')), at(6_000, doneRows('e1'))]
    expect(look({ readings })).to.deep.equal([])
  })

  it('begins again when something changes, also when it changes back', () => {
    const readings = [at(0, runningRows('e1')), at(8_000, doneRows('e1')), at(16_000, runningRows('e1'))]
    expect(settledFor(readings)).to.equal(0)
  })

  it("leaves ages, heartbeats and the schedulers' bookkeeping out", () => {
    const rows = { ...runningRows('e1'), jobs: [job('_refresh_task_state', ['e1.t1'])] }
    const later = {
      ...rows,
      actions: [actionRow('e1.t1', 'RUNNING', { heartbeatAgeMs: 3_000 })],
      jobs: [
        job('_check_and_fix_integrity', ['e1']),
        job('_refresh_task_state', ['e1.t1'], { capturedAgeMs: 10, dueInMs: -5 }),
      ],
    }
    expect(sameEssence(read('a', rows), read('b', later))).to.equal(true)
    expect(sameEssence(read('a', rows), read('b', { ...later, jobs: [] }))).to.equal(false)
  })

  it('does not depend on the order of the rows', () => {
    const rows = doneRows('e1')
    expect(sameEssence(read('a', rows), read('b', { ...rows, tasks: rows.tasks.toReversed() }))).to.equal(
      true,
    )
  })

  it('names what is missing', () => {
    const busy = broker([
      { name: 'mistral_engine', unacked: 1 },
      { name: 'gone', ready: 3, consumers: 0 },
    ]) as BrokerRead
    expect(look({ broker: busy, bytesHeld: 12, faultsOn: ['f1'] })).to.deep.equal([
      'fault f1 is still on',
      '12 bytes are held in the lanes',
      'queue mistral_engine has 0 messages ready and 1 unacked',
      'the database was not read',
    ])
    expect(look({ broker: undefined })).to.include('the broker was not read')
  })
})
