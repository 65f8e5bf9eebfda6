import { expect } from 'chai'
import * as fc from 'fast-check'
import { backend, client, follow, frontend, server, startup, type Step } from './conversation.helper.ts'
import { INSERT, inWords } from './story.helper.ts'

type Act = 'begin' | 'write' | 'read' | 'fail' | 'commit' | 'rollback' | 'savepoint' | 'rollback to'

const SQL: Record<Act, string> = {
  begin: 'BEGIN',
  write: INSERT,
  read: 'SELECT 1',
  fail: INSERT,
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  savepoint: 'SAVEPOINT s',
  'rollback to': 'ROLLBACK TO s',
}

/** A server with one table, as the manual describes its transactions. */
class Model {
  /** What is to be reported, as `inWords` has it. */
  readonly told: string[] = []
  status: 'I' | 'T' | 'E' = 'I'
  #savepoint = false
  #rows = 0
  #wrote = false
  #code = ''

  /** The tag or the SQLSTATE of the answer. */
  answer(act: Act): { tag: string } | { code: string } {
    if (this.status === 'E' && !['commit', 'rollback', 'rollback to'].includes(act)) return { code: '25P02' }
    if (act === 'begin') return this.#begin()
    if (act === 'commit' || act === 'rollback') return this.#end(act)
    if (act === 'savepoint' || act === 'rollback to') return this.#save(act)
    if (act === 'read') return { tag: 'SELECT 1' }
    return act === 'write' ? this.#write() : this.#fail()
  }

  close(): void {
    if (this.status !== 'I') this.#tell('ended')
  }

  #begin(): { tag: string } {
    if (this.status === 'I') this.told.push('begun')
    this.status = 'T'
    return { tag: 'BEGIN' }
  }

  #end(act: Act): { tag: string } {
    const commits = act === 'commit' && this.status !== 'E'
    if (this.status !== 'I') this.#tell(commits ? 'committed' : 'rolledBack')
    this.status = 'I'
    return { tag: commits ? 'COMMIT' : 'ROLLBACK' }
  }

  #save(act: Act): { tag: string } | { code: string } {
    if (this.status === 'I') return { code: '25P01' }
    if (act === 'savepoint') {
      this.#savepoint = true
      return { tag: 'SAVEPOINT' }
    }
    if (!this.#savepoint) return this.#error('3B001')
    this.status = 'T'
    this.#code = ''
    return { tag: 'ROLLBACK' }
  }

  #write(): { tag: string } {
    this.#rows += 1
    this.#wrote = true
    if (this.status === 'I') this.#tell('committed implicit')
    return { tag: 'INSERT 0 1' }
  }

  #fail(): { code: string } {
    this.#wrote = true
    if (this.status === 'T') return this.#error('23505')
    this.told.push('failed implicit 23505 INSERT t 0', 'rolledBack implicit 23505 INSERT t 0')
    this.#wrote = false
    return { code: '23505' }
  }

  #error(code: string): { code: string } {
    if (this.status === 'T') {
      this.#code = code
      this.told.push(this.#words('failed'))
    }
    this.status = 'E'
    return { code }
  }

  #words(kind: string): string {
    return [kind, this.#code, this.#wrote && `INSERT t ${this.#rows}`].filter(Boolean).join(' ')
  }

  #tell(kind: string): void {
    this.told.push(this.#words(kind))
    this.#savepoint = false
    this.#rows = 0
    this.#wrote = false
    this.#code = ''
  }
}

const acts = fc.array(
  fc.record({ act: fc.constantFrom(...(Object.keys(SQL) as Act[])), extended: fc.boolean() }),
  { maxLength: 30 },
)

/** What is said, and what is to be told of it. */
function played(all: { act: Act; extended: boolean }[]): { steps: Step[]; told: string[] } {
  const model = new Model()
  const steps = all.flatMap(({ act, extended }) => {
    const answer = model.answer(act)
    const said = 'tag' in answer ? server.complete(answer.tag) : server.error(answer.code)
    const asked = extended
      ? [client.parse(SQL[act]), client.bind([]), client.execute(), client.sync()]
      : [client.query(SQL[act])]
    const bound = extended ? [server.bare('12')] : []
    return [frontend(...asked), backend(...bound, said, server.ready(model.status))]
  })
  model.close()
  return { steps: [...startup(), ...steps], told: model.told }
}

describe('The transactions of any client', () => {
  it('are told as the server had them', () => {
    fc.assert(
      fc.property(acts, (all) => {
        const { steps, told } = played(all)
        expect(follow(steps).map(inWords)).to.deep.equal(told)
      }),
      { numRuns: 300 },
    )
  })

  it('are the same when the client does not wait for answers', () => {
    fc.assert(
      fc.property(acts, (all) => {
        const { steps, told } = played(all)
        const asked = steps.filter(({ side }) => side === 'frontend')
        const answered = steps.filter(({ side }) => side === 'backend')
        expect(follow([...asked, ...answered]).map(inWords)).to.deep.equal(told)
      }),
      { numRuns: 300 },
    )
  })

  it('are told up to where the connection is cut, and then their end', () => {
    fc.assert(
      fc.property(acts, fc.nat(), (all, seed) => {
        const { steps } = played(all)
        const some = steps.slice(0, seed % (steps.length + 1))
        const before = follow(some, false)
        expect(follow(steps).slice(0, before.length)).to.deep.equal(before)
        const end = follow(some).slice(before.length)
        expect(end.map(({ kind }) => kind)).satisfy((kinds: string[]) => ['', 'ended'].includes(kinds.join()))
      }),
    )
  })
})
