/** A longer name is not remembered, so that names cannot fill memory. */
const MAX_NAME_LENGTH = 256

/** The last few values that were set or asked for, by name; the longest unused is forgotten first. */
export class Recent<Value> {
  readonly #limit: number
  readonly #values = new Map<string, Value>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get(name: string): Value | undefined {
    const value = this.#values.get(name)
    if (value !== undefined) this.set(name, value)
    return value
  }

  /** Undefined: it is no more. */
  set(name: string, value: Value | undefined): void {
    this.#values.delete(name)
    if (value === undefined || name.length > MAX_NAME_LENGTH) return
    this.#values.set(name, value)
    if (this.#values.size > this.#limit) this.#values.delete(this.#values.keys().next().value!)
  }
}
