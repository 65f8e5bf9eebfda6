import type { Entry } from '../entries.ts'

interface Binding {
  queue: string
  routingKey: string
}

/** The types whose routing is known here; for others nothing is said. */
type ExchangeType = 'direct' | 'fanout' | 'topic'

/** `*` is one word, `#` any number of them, as the specification says of the topic exchange. */
export function topicMatches(pattern: string, routingKey: string): boolean {
  const match = ([head, ...rest]: string[], words: string[]): boolean => {
    if (head === undefined) return words.length === 0
    if (head === '#')
      return match(rest, words) || (words.length > 0 && match([head, ...rest], words.slice(1)))
    const [word, ...others] = words
    return word !== undefined && (head === '*' || head === word) && match(rest, others)
  }
  return match(pattern.split('.'), routingKey.split('.'))
}

/** Exchanges, queues and bindings, as they were declared over the links. Those that were there before are not known. */
export class Bindings {
  readonly #types = new Map<string, string>()
  readonly #bindings = new Map<string, Map<string, Binding>>()
  readonly #queues = new Set<string>()
  /** Those that were asked for since the last change, by exchange and routing key. */
  readonly #routes = new Map<string, Map<string, string[] | undefined>>()

  see(entry: Entry): void {
    if (this.#changes(entry)) this.#routes.clear()
  }

  #changes(entry: Entry): boolean {
    switch (entry.kind) {
      case 'exchange.declared':
        this.#types.set(entry.exchange, entry.type)
        return true
      case 'queue.declared':
        this.#queues.add(entry.queue)
        return true
      case 'queue.deleted':
        this.#queues.delete(entry.queue)
        for (const bindings of this.#bindings.values())
          for (const [key, { queue }] of bindings) if (queue === entry.queue) bindings.delete(key)
        return true
      case 'queue.bound':
        this.#bind(entry)
        return true
      default:
        return false
    }
  }

  /** The queues that a message goes to; undefined: its exchange was not seen, or is of a type not known here. */
  route(exchange: string, routingKey: string): string[] | undefined {
    const routes = this.#routes.get(exchange) ?? new Map<string, string[] | undefined>()
    this.#routes.set(exchange, routes)
    if (!routes.has(routingKey)) routes.set(routingKey, this.#route(exchange, routingKey))
    return routes.get(routingKey)
  }

  #route(exchange: string, routingKey: string): string[] | undefined {
    // The default exchange routes to the queue of that name; one that was not declared over a link may exist all the same.
    if (exchange === '') return this.#queues.has(routingKey) ? [routingKey] : undefined
    const type = this.#types.get(exchange)
    if (type !== 'direct' && type !== 'fanout' && type !== 'topic') return undefined
    const bound = [...(this.#bindings.get(exchange)?.values() ?? [])]
    return [
      ...new Set(bound.filter((binding) => matches(type, binding, routingKey)).map(({ queue }) => queue)),
    ]
  }

  #bind({ exchange, queue, routingKey, unbound }: Extract<Entry, { kind: 'queue.bound' }>): void {
    const key = JSON.stringify([queue, routingKey])
    const bindings = this.#bindings.get(exchange) ?? new Map<string, Binding>()
    if (unbound) bindings.delete(key)
    else bindings.set(key, { queue, routingKey })
    this.#bindings.set(exchange, bindings)
  }
}

function matches(type: ExchangeType, binding: Binding, routingKey: string): boolean {
  if (type === 'fanout') return true
  return type === 'direct' ? binding.routingKey === routingKey : topicMatches(binding.routingKey, routingKey)
}
