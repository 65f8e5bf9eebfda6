import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readJournal } from '../ledger/journal.ts'
import { messageOf } from '../util/errors.ts'
import { openSession, type SessionPlan } from './session.ts'

describe('a session that cannot be opened', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'crosswind-session-'))
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  const plan = (over: Partial<SessionPlan> = {}): SessionPlan => ({
    name: 'test',
    sizes: { api: 1, engine: 1, executor: 1 },
    rpc: 'oslo',
    seed: 's',
    python: join(folder, 'no-python'),
    folder,
    run: 'r1',
    replay: 'crosswind gate',
    onStep: () => {},
    ...over,
  })

  /** Its error, and how its journal ends. */
  async function failed(over?: Partial<SessionPlan>) {
    const error = await openSession(plan(over)).catch((reason: unknown) => reason)
    const { entries, broken } = await readJournal(join(folder, 'journal.ndjson'))
    expect(broken).to.equal(undefined)
    return { text: messageOf(error), last: entries.at(-1) }
  }

  it('leaves a journal that says why', async () => {
    const { text, last } = await failed()
    expect(text).to.not.equal('')
    expect(last).to.deep.include({
      kind: 'run.ended',
      exitCode: 2,
      harnessErrors: [text],
      interrupted: false,
    })
  })

  it('leaves a journal that says that it was interrupted', async () => {
    const { last } = await failed({ signal: AbortSignal.abort() })
    expect(last).to.deep.include({ kind: 'run.ended', exitCode: 130, harnessErrors: [], interrupted: true })
  })
})
