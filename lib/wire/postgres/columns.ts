const MAX_COLUMNS = 1024
const NOWHERE = -1

/** What may stand between a column and the value that it is compared with. */
const COMPARING = new Set('in any all some array like ilike not is between cast as'.split(' '))
/** Words after which a value has nothing to do with the column that was named before. */
const CLAUSES = new Set(
  `select from where and or set having on when then else returning values limit order group union join for using
   conflict do default into`.split(/\s+/),
)

/** Tells of each value in a statement which column it is for, or is compared with, if that is plain to see. */
export class Columns {
  /** Called with each column that a SET assigns. */
  readonly #onAssigned: (column: string) => void
  /** The last identifier. */
  #last = ''
  /** The columns of an INSERT: awaited, or being read at a depth, then counted at the depth of its VALUES. */
  #insert: string[] = []
  #awaited = false
  #listDepth = NOWHERE
  #valuesDepth = NOWHERE
  #index = 0
  /** Where a SET began, and whether an assignment begins here. */
  #setDepth = NOWHERE
  #assigning = false

  constructor(onAssigned: (column: string) => void) {
    this.#onAssigned = onAssigned
  }

  /** The column of a value that stands here; empty if unknown. */
  at(depth: number): string {
    if (this.#valuesDepth === NOWHERE || depth <= this.#valuesDepth) return this.#last
    return this.#insert[this.#index] ?? ''
  }

  /** The table of an INSERT was named: its columns may follow. */
  inserting(): void {
    this.#insert = []
    this.#awaited = true
  }

  identifier(name: string, depth: number): void {
    if (depth === this.#listDepth && this.#insert.length < MAX_COLUMNS) this.#insert.push(name)
    this.#last = name
  }

  word(word: string, depth: number): void {
    if (depth === this.#listDepth && word !== 'select') return this.identifier(word, depth)
    if (COMPARING.has(word)) return
    if (!CLAUSES.has(word)) return this.identifier(word, depth)
    this.#last = ''
    this.#awaited = false
    // What seemed to be a list of columns is a query in parentheses.
    this.#listDepth = NOWHERE
    if (word === 'values') this.#valuesDepth = depth
    else if (depth === this.#valuesDepth) this.#valuesDepth = NOWHERE
    if (word === 'set') {
      this.#setDepth = depth
      this.#assigning = true
    } else if (depth === this.#setDepth && (word === 'where' || word === 'from' || word === 'returning')) {
      this.#setDepth = NOWHERE
    }
  }

  /** A parenthesis was opened: we are at `depth` now. */
  opened(depth: number): void {
    if (this.#awaited) this.#listDepth = depth
    this.#assigning = false
    this.#awaited = false
    if (this.#valuesDepth !== NOWHERE && depth === this.#valuesDepth + 1) this.#index = 0
  }

  /** A parenthesis was closed: we were at `depth`. */
  closed(depth: number): void {
    if (depth === this.#listDepth) this.#listDepth = NOWHERE
    if (depth === this.#setDepth) this.#setDepth = NOWHERE
    if (depth === this.#valuesDepth) this.#valuesDepth = NOWHERE
  }

  comma(depth: number): void {
    if (this.#valuesDepth !== NOWHERE && depth === this.#valuesDepth + 1) this.#index += 1
    if (depth === this.#setDepth) this.#assigning = true
  }

  equals(depth: number): void {
    if (depth === this.#setDepth && this.#assigning) this.#onAssigned(this.#last)
    this.#assigning = false
  }
}
