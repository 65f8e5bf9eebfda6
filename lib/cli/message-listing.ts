import picomatch from 'picomatch'
import type { Entry } from '../ledger/entries.ts'
import { fatesIn, listed, type Listed } from '../ledger/messages/listing.ts'
import { Traffic, type Message } from '../ledger/messages/traffic.ts'
import { unknownWord } from '../util/nearest.ts'
import { Recent } from '../util/recent.ts'
import { messageLine } from './message-lines.ts'
import { terminalOf } from './terminal.ts'

/** Which messages are to be shown, and how. */
export interface Choice {
  /** A glob. */
  link?: string
  call?: string
  /** Of an execution, a task or an action, or its beginning. */
  execution?: string
  json: boolean
}

/** The messages of a journal, as somebody chooses them. */
export class MessageListing {
  readonly traffic: Traffic
  readonly #choice: Choice
  /** By identity, of every message that is kept. */
  readonly #sizes: Map<string, number>
  /** Executions of actions, which most messages do not name. */
  readonly #executions: Map<string, string>
  readonly #matchesLink: (link: string) => boolean

  /** @param most So many messages are kept, the last ones, whatever became of them. */
  constructor(choice: Choice, most: number) {
    this.#choice = choice
    this.traffic = new Traffic(() => true, most)
    this.#sizes = new Recent(most, (identity) => this.traffic.forget(identity))
    this.#executions = new Recent(most)
    this.#matchesLink = choice.link === undefined ? () => true : picomatch(choice.link)
  }

  /** @returns The messages that it is about. */
  see(entry: Entry): Message[] {
    if ((entry.kind === 'message.published' || entry.kind === 'message.delivered') && entry.call) {
      const { identity, action, workflow } = entry.call
      if (entry.kind === 'message.published' || !this.#sizes.has(identity))
        this.#sizes.set(identity, entry.size)
      if (action !== undefined && workflow !== undefined) this.#executions.set(action, workflow)
    }
    return this.traffic.see(entry)
  }

  /** Shows every message that is chosen, in order, with its fate. */
  all(entries: readonly Entry[]): number {
    this.#checkCall()
    const fates = fatesIn(entries)
    let shown = 0
    for (const message of this.traffic.messages.values())
      shown += this.show(message, (identity) => fates.get(identity))
    return shown
  }

  show(
    message: Message,
    fateOf: (identity: string) => Parameters<typeof listed>[2] = () => undefined,
  ): number {
    const { identity } = message.call
    const line = listed(message, this.traffic, fateOf(identity), this.#sizes.get(identity))
    if (!this.#chosen(message, line)) return 0
    const { json } = this.#choice
    process.stdout.write(`${json ? JSON.stringify(line) : messageLine(line, terminalOf(process.stdout))}\n`)
    return 1
  }

  /** @throws {UsageError} naming the nearest if no message is of the method that was asked for. */
  #checkCall(): void {
    const { call } = this.#choice
    const seen = new Set([...this.traffic.messages.values()].map(({ call: { method } }) => method))
    if (call !== undefined && !seen.has(call))
      throw unknownWord(
        'method',
        call,
        [...seen].filter((method) => method !== ''),
      )
  }

  #chosen({ sends, deliveries }: Message, { call }: Listed): boolean {
    const { call: method, execution } = this.#choice
    if (method !== undefined && call.method !== method) return false
    if (![...sends, ...deliveries].some(({ link }) => this.#matchesLink(link))) return false
    if (execution === undefined) return true
    const actions = [call.action, ...(call.actions ?? [])].filter((id) => id !== undefined)
    const owners = actions.map((id) => this.#executions.get(id))
    return [call.workflow, call.task, ...actions, ...owners].some((id) => id?.startsWith(execution))
  }
}
