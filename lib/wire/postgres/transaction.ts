import { own } from './ids.ts'
import type { NamedId, Statement, Touch } from './statements.ts'

/** What a transaction has done to one table with one verb. */
export interface Touched {
  /** As in a `Touch`. */
  verb: string
  /** Empty if unknown, or the hundredth and a further table. */
  table: string
  statements: number
  /** As the server has counted them. */
  rows: number
  /** The columns that its UPDATEs set; at most 64. */
  columns: string[]
  /** Without repeats. */
  ids: NamedId[]
}

/** The state of a transaction at some moment; plain data. */
export interface TransactionSummary {
  /** 1 for the first transaction that is reported of its connection. */
  ordinal: number
  /** It had no BEGIN: what one query, or the messages up to one Sync, did. */
  implicit: boolean
  /** Without those that only control transactions. */
  statements: number
  touched: Touched[]
  /** How often a uuid was not kept, beyond 300 of one transaction. */
  omittedIds: number
  /** Why it has failed, or why the server has ended the connection. */
  sqlstate?: string
  error?: string
}

const MAX_TOUCHED = 100
const MAX_COLUMNS = 64
const MAX_IDS = 300
const MAX_ERROR_LENGTH = 500

/** Tags that tell what a statement did whose text is not known. */
const TELLING = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

interface Entry {
  touched: Touched
  columns: Set<string>
  ids: Set<string>
}

/** One transaction while it lasts. However long that is, its memory is bounded. */
export class Transaction {
  implicit: boolean
  /** 0 until it is reported. */
  ordinal = 0
  /** The server refuses everything but its end. */
  failed = false
  #error: { sqlstate: string; error: string } | undefined
  #statements = 0
  #writes = false
  #ids = 0
  #omittedIds = 0
  readonly #entries = new Map<string, Entry>()

  constructor(implicit: boolean) {
    this.implicit = implicit
  }

  /** It was asked to write something. */
  get writes(): boolean {
    return this.#writes
  }

  /** A statement, if its text is known, and the CommandComplete's tag, if there was one. */
  add(statement: Statement | undefined, tag = ''): void {
    this.#statements += 1
    this.#omittedIds += statement?.omittedIds ?? 0
    const { verb, rows } = readTag(tag)
    const touches = statement?.touches ?? []
    for (const touch of touches) this.#touch(touch, touch.verb.startsWith(verb) ? rows : 0)
    if (touches.length === 0 && TELLING.has(verb))
      this.#touch({ verb, table: '', columns: [], ids: [] }, rows)
  }

  /** Why it cannot go on. */
  blame(sqlstate: string, message: string): void {
    this.#error = { sqlstate, error: own(message.slice(0, MAX_ERROR_LENGTH)) }
  }

  /** It went back to a savepoint. */
  recover(): void {
    this.failed = false
    this.#error = undefined
  }

  summary(): TransactionSummary {
    const touched = Array.from(this.#entries.values(), ({ touched: one }) => ({
      ...one,
      columns: [...one.columns],
      ids: [...one.ids],
    }))
    const { ordinal, implicit } = this
    return {
      ordinal,
      implicit,
      statements: this.#statements,
      touched,
      omittedIds: this.#omittedIds,
      ...this.#error,
    }
  }

  #touch(touch: Touch, rows: number): void {
    const { touched, columns, ids } = this.#entryOf(touch)
    this.#writes ||= !touch.verb.startsWith('SELECT')
    touched.statements += 1
    touched.rows += rows
    for (const column of touch.columns) {
      if (columns.size >= MAX_COLUMNS || columns.has(column)) continue
      columns.add(column)
      touched.columns.push(column)
    }
    for (const named of touch.ids) {
      const key = `${named.id} ${named.column}`
      if (ids.has(key)) continue
      if (this.#ids >= MAX_IDS) {
        this.#omittedIds += 1
        continue
      }
      this.#ids += 1
      ids.add(key)
      touched.ids.push(named)
    }
  }

  #entryOf({ verb, table }: Touch): Entry {
    const named = `${verb} ${table}`
    const known = this.#entries.get(named)
    if (known) return known
    if (table !== '' && this.#entries.size >= MAX_TOUCHED)
      return this.#entryOf({ verb, table: '', columns: [], ids: [] })
    const touched: Touched = { verb, table, statements: 0, rows: 0, columns: [], ids: [] }
    const entry: Entry = { touched, columns: new Set(), ids: new Set() }
    this.#entries.set(named, entry)
    return entry
  }
}

/** "INSERT 0 3" → INSERT and 3 rows; the last number is always the rows. */
function readTag(tag: string): { verb: string; rows: number } {
  const [verb = '', ...rest] = tag.split(' ')
  const rows = Number(rest.at(-1) ?? 0)
  return { verb, rows: Number.isSafeInteger(rows) ? rows : 0 }
}
