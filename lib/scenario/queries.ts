import type { Stream } from '../toxic.ts'
import { Messages, patternText, type MessageHost, type Moment } from './messages.ts'
import type { Strike } from './strike-faults.ts'

/** What a statement must be besides its text. */
export interface QueryMatch {
  /** It touches this table; a COMMIT: its transaction has written it. */
  table?: string
  /** What an earlier statement of its transaction has; case does not count. */
  transaction?: RegExp
}

/** Statements on links to PostgreSQL, by their text; case does not count. */
export class Queries extends Messages {
  protected readonly trigger = 'pg_trigger'
  protected readonly stream = 'upstream'

  constructor(host: MessageHost, links: readonly string[], query: RegExp, match: QueryMatch = {}) {
    const { table, transaction } = match
    super(host, links, {
      query: patternText(query),
      ...(table !== undefined && { table }),
      ...(transaction && { transaction: patternText(transaction) }),
    })
  }

  /** The server answers it with an error of this SQLSTATE, and its transaction fails. */
  error(sqlstate: string): Promise<Strike> {
    return this.toxic('pg_error', { sqlstate })
  }

  /** The server has it later. */
  delay({ seconds }: { seconds: number }): Promise<Strike> {
    return this.toxic('pg_delay', { ms: seconds * 1000 })
  }

  /** Its client has the answer later. */
  delayReply({ seconds }: { seconds: number }): Promise<Strike> {
    return this.toxic('pg_delay', { ms: seconds * 1000 }, 'downstream')
  }

  /** The connection is reset, and the server never has it. */
  cutBeforeQuery(): Promise<Strike> {
    return this.toxic('pg_cut', { when: 'before' })
  }

  /** The server has done it, and the connection is reset before its client learns that. */
  cutBeforeReply(): Promise<Strike> {
    return this.toxic('pg_cut', { when: 'after' })
  }

  /** It waits for some seconds, or until the judging, and its transaction stays open with all its locks. */
  hold({ seconds = 0 }: { seconds?: number } = {}): Promise<Strike> {
    return this.toxic('pg_hold', { ms: seconds * 1000 })
  }

  protected override placeOf(moment: Moment): { stream: Stream; when: 'before' | 'after' } {
    return moment === 'answered' ? { stream: 'downstream', when: 'before' } : super.placeOf(moment)
  }
}
