import { statementsOf, type Statement } from '../../../wire/postgres/statements.ts'

/** Of a longer text no more is kept, in bytes. */
export const LONGEST_TEXT = 16 * 2 ** 10

/** What is kept between two moments in which a connection was idle: texts, and their characters in all. */
const MOST_TEXTS = 4096
const MOST_CHARACTERS = 2 ** 20
/** Statements of one text that are read. */
const MOST_STATEMENTS = 256

/** A text as it was said. */
interface Entry {
  readonly text: string
  /** A request ends behind it: outside of a transaction block that is the end of its transaction. */
  ends: boolean
  /** Read when they are asked for. */
  statements?: readonly Statement[]
}

/** What a transaction has said and written. */
export interface Past {
  readonly said: readonly string[]
  readonly written: readonly string[]
}

const SAVEPOINT = /^\s*savepoint\s+("[^"]+"|\w+)/i
const ROLLBACK_TO = /^\s*(?:rollback|abort)\b.*\bto\s+(?:savepoint\s+)?("[^"]+"|\w+)/is

/** What a client has said since its connection was last idle, kept as text: nobody reads it before a toxic asks. */
export class History {
  readonly #entries: Entry[]
  #characters = 0
  #full = false

  constructor(entries: Entry[] = []) {
    this.#entries = entries
    for (const { text } of entries) this.#characters += text.length
  }

  get length(): number {
    return this.#entries.length
  }

  /** @returns its place; undefined: there is no room. */
  say(text: string): number | undefined {
    this.#full ||= this.length >= MOST_TEXTS || this.#characters + text.length > MOST_CHARACTERS
    if (this.#full) return undefined
    this.#characters += text.length
    return this.#entries.push({ text, ends: false }) - 1
  }

  /** A request has ended. */
  end(): void {
    const last = this.#entries.at(-1)
    if (last) last.ends = true
  }

  /** The connection was idle there: what was said since then. */
  since(place: number): History {
    return place >= this.length ? new History() : new History(this.#entries.slice(place))
  }

  /** What the transaction that is open at a place has said and written. */
  before(place: number): Past {
    const past = new OpenPast()
    for (const entry of this.#entries.slice(0, place)) past.add(entry)
    return past
  }

  statementsAt(place: number): readonly Statement[] {
    const entry = this.#entries[place]
    return entry ? statementsIn(entry) : []
  }
}

/** Goes through a history, statement by statement. */
class OpenPast implements Past {
  said: string[] = []
  written: string[] = []
  #isBlock = false
  readonly #savepoints = new Map<string, number>()

  add(entry: Entry): void {
    const statements = statementsIn(entry)
    for (const statement of statements) this.#do(statement)
    if (statements.length === 1 && statements[0]?.control === 'savepoint') this.#savepoint(entry.text)
    this.said.push(entry.text)
    if (statements.at(-1)?.control !== undefined && !this.#isBlock) this.#ends()
    if (entry.ends && !this.#isBlock) this.#ends()
  }

  #do({ control, chains, touches }: Statement): void {
    if (control === 'begin') this.#isBlock = true
    if (control === 'commit' || control === 'rollback' || control === 'prepare') {
      this.#ends()
      this.#isBlock = chains
    }
    for (const { verb, table } of touches)
      if (!verb.startsWith('SELECT') && table !== '') this.written.push(table)
  }

  #savepoint(text: string): void {
    const [, made] = SAVEPOINT.exec(text) ?? []
    if (made !== undefined) this.#savepoints.set(made, this.written.length)
    const [, back] = ROLLBACK_TO.exec(text) ?? []
    const length = back === undefined ? undefined : this.#savepoints.get(back)
    if (length !== undefined) this.written.length = length
  }

  #ends(): void {
    this.said = []
    this.written = []
    this.#savepoints.clear()
  }
}

const statementsIn = (entry: Entry): readonly Statement[] =>
  (entry.statements ??= statementsOf(entry.text, MOST_STATEMENTS))

/** One statement that a client executes, or a text with several. */
export class Said {
  /** undefined: it was prepared before anybody looked, or is forgotten. */
  readonly text: string | undefined
  /** The first message that answers it has come. */
  answered = false
  #history: History | undefined
  #place: number | undefined
  /** It is executed: the second time on it goes on where it was suspended. */
  executed = false

  constructor(text: string | undefined) {
    this.text = text
  }

  /** It is executed now. */
  placeIn(history: History): void {
    this.executed = true
    this.#history = history
    if (this.text !== undefined) this.#place = history.say(this.text.slice(0, LONGEST_TEXT))
  }

  /** It ends its transaction, which is to be kept. */
  get commits(): boolean {
    const control = this.#statements?.[0]?.control
    return control === 'commit' || control === 'prepare'
  }

  get earlier(): readonly string[] | undefined {
    return this.#past?.said
  }

  /** What it touches; of one that commits, what its transaction has written too. */
  get tables(): readonly string[] | undefined {
    const statements = this.#statements
    if (!statements) return undefined
    const touched = statements.flatMap(({ touches, reads }) => [
      ...touches.map(({ table }) => table),
      ...reads,
    ])
    const commits = statements.some(({ control }) => control === 'commit' || control === 'prepare')
    if (!commits) return touched
    const past = this.#past
    return past && [...touched, ...past.written]
  }

  get #statements(): readonly Statement[] | undefined {
    if (this.#history && this.#place !== undefined) return this.#history.statementsAt(this.#place)
    return this.text === undefined ? undefined : statementsOf(this.text, MOST_STATEMENTS)
  }

  get #past(): Past | undefined {
    return this.#place === undefined ? undefined : this.#history?.before(this.#place)
  }
}
