import { expect } from 'chai'
import type { DatabaseRead } from '../ledger/entries.ts'
import { readAction, readExecution, readJob, type RawAction, type Rows } from './rows.ts'

/** Compiles only while a reading can be put into the journal as it is. */
const asFact = (rows: Rows): DatabaseRead => ({ kind: 'database.read', why: 'settling', ...rows })

const action: RawAction = {
  id: 'a',
  name: 'std.http',
  task: 't',
  state: 'RUNNING',
  accepted: false,
  synchronous: true,
  heartbeatAgeMs: -3000,
  expired: false,
  input: '{"url": "http://127.0.0.1:80/effects/e/r/t1/4/mark", "method": "POST"}',
  runtimeContext: '{"index": 4}',
}

describe('rows of the database', () => {
  it('give an execution what went wrong, without the secrets that it quotes', () => {
    const row = { id: 'e', workflow: 'w', state: 'ERROR', task: null, root: 'e', ageMs: 5 }
    const stateInfo = `DBError: [SQL: UPDATE t SET x=%(x)s] [parameters: {'auth_token': 'very-secret', 'id': 'e'}]`
    expect(readExecution({ ...row, stateInfo })).to.deep.equal({
      ...row,
      stateInfo: stateInfo.replace('very-secret', '***'),
    })
    expect(readExecution({ ...row, stateInfo: null })).to.deep.equal({ ...row, stateInfo: null })
  })

  it('give an action its mark and its index', () => {
    const { input: _input, runtimeContext: _runtimeContext, ...rest } = action
    expect(readAction(action)).to.deep.equal({ ...rest, attempt: 'mark', item: 4 })
  })

  it('give no mark to an action that calls no effect', () => {
    for (const input of [null, '{}', '{"url": "http://127.0.0.1:80/other"}', '{"url": 3}', '[]', '"text"']) {
      expect(readAction({ ...action, input, runtimeContext: null })).to.include({ attempt: null, item: 0 })
    }
  })

  it('take from a job the ids that it names, and no id inside a result', () => {
    const [task, other] = ['9e4f2a3e-6d24-4a0e-8f6d-6f4a3c1d2b10', 'b0b0c9f2-0000-4000-8000-00000000000a']
    const args = {
      task_ex_id: task,
      twice: [task],
      deep: { ids: [other] },
      url: `http://x/${other}`,
      wf_action: false,
    }
    const job = { id: 'j', table: 'scheduled_jobs_v2' as const, func: 'f', dueInMs: 1, capturedAgeMs: null }
    expect(readJob({ ...job, args: JSON.stringify(args) })).to.deep.equal({ ...job, names: [task, other] })
    expect(readJob({ ...job, args: null }).names).to.deep.equal([])
  })

  it('are what the journal says of a reading', () => {
    const rows: Rows = { executions: [], tasks: [], actions: [readAction(action)], jobs: [] }
    expect(asFact(rows).actions).to.have.length(1)
  })
})
