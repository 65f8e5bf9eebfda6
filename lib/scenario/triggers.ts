import { defineAmqpToxic } from '../toxic/amqp.ts'
import { definePostgresToxic, EXECUTES } from '../toxic/postgres.ts'
import type { Chunk, ToxicDefinition, ToxicLane } from '../toxic.ts'

const ATTRIBUTES = {
  trigger: { text: 'plain', about: 'what is told when it fires' },
  when: {
    choices: ['before', 'after'],
    default: 'before',
    about: 'fires before the matched message goes on, or after it has gone',
  },
} as const

/** What suites hang on single messages: the toxics that fire, and what is told of it, at once and in the data path. */
export class Triggers {
  readonly #armed = new Map<string, () => void>()

  /** For the server whose links are watched. */
  readonly definitions: readonly ToxicDefinition[] = [
    defineAmqpToxic({
      type: 'amqp_trigger',
      about: 'Fires a trigger of a suite on a message.',
      attributes: ATTRIBUTES,
      on: { upstream: ['*'], downstream: ['*'] },
      open: (lane) => ({ strike: (chunk) => this.#fire(lane, chunk) }),
    }),
    definePostgresToxic({
      type: 'pg_trigger',
      about: 'Fires a trigger of a suite on a statement or its answer.',
      attributes: ATTRIBUTES,
      on: { upstream: EXECUTES, downstream: ['*'] },
      open: (lane) => ({ strike: (chunk) => this.#fire(lane, chunk) }),
    }),
  ]

  /** @param fired Called in the data path: it must be short. */
  arm(trigger: string, fired: () => void): void {
    this.#armed.set(trigger, fired)
  }

  disarm(trigger: string): void {
    this.#armed.delete(trigger)
  }

  #fire(lane: ToxicLane<typeof ATTRIBUTES>, chunk: Chunk): void {
    const { trigger, when } = lane.attributes
    if (when === 'before') this.#armed.get(trigger)?.()
    lane.send(chunk)
    if (when === 'after') this.#armed.get(trigger)?.()
  }
}
