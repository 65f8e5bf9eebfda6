import { Columns } from './columns.ts'
import { own, uuidsIn, uuidsInBytes } from './ids.ts'
import { Tokens } from './tokens.ts'

/** What one statement does to one table. */
export interface Touch {
  /** INSERT, UPDATE, DELETE, MERGE, COPY (into it), TRUNCATE, CREATE …, SELECT FOR UPDATE or SELECT FOR SHARE. */
  verb: string
  /** Without its schema; empty if the text does not tell. */
  table: string
  /** The columns that an UPDATE sets; at most 64. */
  columns: string[]
  ids: NamedId[]
}

/** A uuid in a value, with the column that the value is for or is compared with; empty if the text does not tell. */
export interface NamedId {
  column: string
  id: string
}

/** What a statement does to the transaction that it is in, other than being part of it. */
export type Control = 'begin' | 'commit' | 'rollback' | 'savepoint' | 'prepare'

export interface Statement {
  control: Control | undefined
  /** COMMIT AND CHAIN, ROLLBACK AND CHAIN: another transaction begins. */
  chains: boolean
  /** What it writes or locks, at most 32; what it only reads is not listed. */
  touches: Touch[]
  /** The tables that it only reads. */
  reads: string[]
  /** Where the values of `$1`, `$2` … belong, of those that belong to a touch; at most 256. */
  parameters: Map<number, { touch: Touch; column: string }>
  /** How many uuids are left out, beyond 100 of one statement. */
  omittedIds: number
}

const MAX_TOUCHES = 32
const MAX_COLUMNS = 64
const MAX_PARAMETERS = 256
const MAX_IDS = 100
/** NAMEDATALEN: the server itself cuts longer names. */
const MAX_NAME_LENGTH = 63

/** Statements that can hold an INSERT, UPDATE, DELETE, MERGE or SELECT … FOR UPDATE. */
const MANIPULATING = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with', 'values', 'declare'])
/** Statements that write, or may write, where the table is not always to be seen. */
const DEFINING = new Set(
  'create alter drop truncate comment grant revoke reassign refresh import call do execute'.split(' '),
)
/** What may stand between a verb and its table: no table can have such a name without quotes. */
const BEFORE_TABLE = new Set(['only', 'table', 'lateral'])
/** The same for CREATE, ALTER and DROP, and for SELECT … INTO, which is a CREATE here. */
const BEFORE_DEFINED = new Set(['only', 'table', 'if', 'not', 'exists', 'temp', 'temporary', 'unlogged'])
/** `update` behind these is no UPDATE of a table: FOR UPDATE, ON CONFLICT … DO UPDATE, ON UPDATE CASCADE. */
const NO_UPDATE = new Set(['for', 'key', 'do', 'on', 'of', 'or', 'then'])
/** As many as tell what a statement does to its transaction: ROLLBACK WORK AND NO CHAIN. */
const CONTROL_WORDS = 5

/**
 * The statements of a query text, in order, of at most `limit`. They are read by somebody who knows a few words and
 * the depth of the parentheses, and no grammar: right about what programs write; of odder SQL (the second table of
 * `FROM a, b`, a function that writes, the body of a function) it may say nothing.
 */
export function statementsOf(text: string, limit: number): Statement[] {
  const tokens = new Tokens(text)
  const statements: Statement[] = []
  let reader = new StatementReader()
  while (statements.length < limit && tokens.next()) {
    if (reader.take(tokens)) continue
    statements.push(...reader.end())
    reader = new StatementReader()
  }
  if (statements.length < limit) statements.push(...reader.end())
  return statements
}

/**
 * The statement with the uuids among its parameters, as a Bind gives them. The statement itself stays as it is, since
 * it may be bound again.
 */
export function bound(statement: Statement, values: readonly (Buffer | null)[]): Statement {
  let room = MAX_IDS - statement.touches.reduce((sum, { ids }) => sum + ids.length, 0)
  let { omittedIds } = statement
  const given = new Map<Touch, NamedId[]>()
  for (const [index, { touch, column }] of statement.parameters) {
    for (const id of uuidsInBytes(values[index - 1] ?? null)) {
      if (room > 0) given.set(touch, [...(given.get(touch) ?? []), { column, id }])
      else omittedIds += 1
      room -= 1
    }
  }
  const touches = statement.touches.map((touch) => {
    const ids = given.get(touch)
    return ids ? { ...touch, ids: [...touch.ids, ...ids] } : touch
  })
  return { ...statement, touches, omittedIds }
}

class StatementReader {
  readonly #statement: Statement = {
    control: undefined,
    chains: false,
    touches: [],
    reads: [],
    parameters: new Map(),
    omittedIds: 0,
  }
  /** The first few. */
  readonly #words: string[] = []
  readonly #columns = new Columns((column) => this.#assigned(column))
  /** The depths at which a SELECT was seen, so that a FROM there names tables. */
  readonly #selects = new Set<number>()
  #depth = 0
  #kept = 0
  /** The last token, if it was a word. */
  #previous = ''
  /** The verb of the table whose name is awaited, and what there is of the name. */
  #awaited: string | undefined
  #table = ''
  #dotted = false
  /** What values belong to: the last table written, or else the last one read. */
  #target: Touch | undefined
  #lock = ''

  /** @returns false at the semicolon that ends the statement. */
  take(tokens: Tokens): boolean {
    const { kind } = tokens
    if (kind === 'mark') return this.#mark(tokens.text)
    if (kind === 'word') this.#word(tokens.text)
    else if (kind === 'name') this.#name(tokens.text)
    else if (kind === 'string') this.#value(tokens.inner)
    else this.#parameter(Number(tokens.text.slice(1)))
    if (kind !== 'word') this.#previous = ''
    return true
  }

  /** The statement, or nothing if there was not a word. */
  end(): Statement[] {
    const [verb] = this.#words
    if (verb === undefined) return []
    this.#tableEnds()
    const statement = this.#statement
    statement.control = controlOf(this.#words)
    statement.chains = this.#words.includes('chain') && !this.#words.includes('no')
    if (statement.touches.length === 0 && DEFINING.has(verb)) this.#touch(verb.toUpperCase(), '')
    if (this.#lock !== '') {
      for (const touch of statement.touches) if (touch.verb === 'SELECT') touch.verb = this.#lock
    }
    for (const { verb: what, table } of statement.touches) if (what === 'SELECT') statement.reads.push(table)
    statement.touches = statement.touches.filter((touch) => touch.verb !== 'SELECT')
    for (const [index, { touch }] of statement.parameters) {
      if (touch.verb === 'SELECT') statement.parameters.delete(index)
    }
    return [statement]
  }

  #word(word: string): void {
    if (this.#words.length < CONTROL_WORDS) this.#words.push(word)
    const [verb = ''] = this.#words
    if (this.#names(word, true)) {
      // Part of a table's name, or a word in front of one.
    } else if (MANIPULATING.has(verb)) this.#manipulating(word)
    else if (verb === 'copy') this.#copying(word)
    else if (DEFINING.has(verb)) this.#defining(verb, word)
    this.#previous = word
  }

  #name(name: string): void {
    if (!this.#names(name, false)) this.#columns.identifier(name, this.#depth)
  }

  #manipulating(word: string): void {
    const locks = this.#previous === 'for' || this.#previous === 'key'
    const reads = this.#selects.has(this.#depth) && this.#previous !== 'distinct'
    if (word === 'select') this.#selects.add(this.#depth)
    else if (word === 'into') this.#awaited = INTO[this.#previous] ?? 'CREATE'
    else if (word === 'update' && locks) this.#lock = 'SELECT FOR UPDATE'
    else if (word === 'share' && locks) this.#lock = 'SELECT FOR SHARE'
    else if (word === 'update' && !NO_UPDATE.has(this.#previous)) this.#awaited = 'UPDATE'
    else if (word === 'from' && this.#previous === 'delete') this.#awaited = 'DELETE'
    else if ((word === 'from' || word === 'join') && reads) this.#awaited = 'SELECT'
    this.#columns.word(word, this.#depth)
  }

  #defining(verb: string, word: string): void {
    if (this.#target) return
    if (word === 'table' || word === 'truncate') this.#awaited = verb.toUpperCase()
  }

  #copying(word: string): void {
    if (word === 'copy' && this.#previous === '') this.#awaited = 'COPY'
    if (word === 'to' && this.#depth === 0) this.#statement.touches = []
  }

  #mark(mark: string): boolean {
    this.#previous = ''
    if (mark === ';' && this.#depth === 0) return false
    if (this.#awaited !== undefined) {
      this.#dotted = mark === '.'
      if (this.#dotted) return true
      // A function in a FROM is no table.
      if (mark === '(' && this.#awaited === 'SELECT') this.#table = ''
      this.#tableEnds()
    }
    if (mark === '(') {
      this.#depth += 1
      this.#columns.opened(this.#depth)
    } else if (mark === ')' && this.#depth > 0) {
      this.#columns.closed(this.#depth)
      this.#selects.delete(this.#depth)
      this.#depth -= 1
    } else if (mark === ',') this.#columns.comma(this.#depth)
    else if (mark === '=') this.#columns.equals(this.#depth)
    return true
  }

  /** Whether this is part of the name of a table that is awaited. */
  #names(text: string, isWord: boolean): boolean {
    if (this.#awaited === undefined) return false
    if (this.#table !== '' && !this.#dotted) {
      this.#tableEnds()
      return false
    }
    const before = DEFINING.has(this.#awaited.toLowerCase()) ? BEFORE_DEFINED : BEFORE_TABLE
    if (isWord && !this.#dotted && before.has(text)) return true
    this.#table = text
    this.#dotted = false
    return true
  }

  #tableEnds(): void {
    const verb = this.#awaited
    this.#awaited = undefined
    if (verb !== undefined && this.#table !== '') this.#touch(verb, this.#table)
    if (verb === 'INSERT') this.#columns.inserting()
    this.#table = ''
  }

  #touch(verb: string, table: string): void {
    if (this.#statement.touches.length >= MAX_TOUCHES) return
    const touch: Touch = { verb, table: nameOf(table), columns: [], ids: [] }
    this.#statement.touches.push(touch)
    if (verb !== 'SELECT' || this.#target === undefined || this.#target.verb === 'SELECT')
      this.#target = touch
  }

  #assigned(column: string): void {
    const columns = this.#target?.columns
    if (columns && columns.length < MAX_COLUMNS) columns.push(nameOf(column))
  }

  #value(value: string): void {
    if (!this.#target) return
    for (const id of uuidsIn(value)) {
      if (this.#kept < MAX_IDS) this.#target.ids.push({ column: nameOf(this.#columns.at(this.#depth)), id })
      else this.#statement.omittedIds += 1
      this.#kept += 1
    }
  }

  #parameter(index: number): void {
    const { parameters } = this.#statement
    if (!this.#target || parameters.size >= MAX_PARAMETERS) return
    parameters.set(index, { touch: this.#target, column: nameOf(this.#columns.at(this.#depth)) })
  }
}

const nameOf = (text: string): string => own(text.slice(0, MAX_NAME_LENGTH))

const INTO: Record<string, string> = { insert: 'INSERT', merge: 'MERGE' }

function controlOf([verb, second, ...rest]: string[]): Control | undefined {
  if (second === 'prepared') return undefined
  if (verb === 'begin' || (verb === 'start' && second === 'transaction')) return 'begin'
  if (verb === 'commit' || verb === 'end') return 'commit'
  if (verb === 'rollback' || verb === 'abort') {
    return second === 'to' || rest.includes('to') ? 'savepoint' : 'rollback'
  }
  if (verb === 'savepoint' || verb === 'release') return 'savepoint'
  return verb === 'prepare' && second === 'transaction' ? 'prepare' : undefined
}
