import type { Stream } from '../toxic.ts'
import { Messages, patternText, type Match, type MessageHost } from './messages.ts'
import type { Strike } from './strike-faults.ts'

/** What a call must be besides its method; ids, or names with `*` for anything. */
export interface CallMatch {
  workflow?: string
  task?: string
  action?: string
  queue?: string
  redelivered?: 'yes' | 'no'
  /** What its body has. */
  body?: RegExp
}

/** Which way calls go: to the links' nodes, or from them. */
export type Way = 'delivered' | 'published'

/** Calls of Mistral on links to RabbitMQ; `reply`: any reply. */
export class Calls extends Messages {
  protected readonly trigger = 'amqp_trigger'
  protected readonly stream: Stream

  constructor(host: MessageHost, links: readonly string[], call: string, way: Way, match: CallMatch = {}) {
    super(host, links, attributesOf(call, way, match))
    this.stream = way === 'delivered' ? 'downstream' : 'upstream'
  }

  /** It is lost: published, before the broker has it; delivered, after the broker had it. */
  drop({ tell = 'ok' }: { tell?: 'ok' | 'nack' | 'nothing' } = {}): Promise<Strike> {
    return this.toxic('amqp_drop', { tell })
  }

  /** It is published, or delivered, twice; `other`: to two consumers. */
  duplicate({ to = 'same' }: { to?: 'same' | 'other' } = {}): Promise<Strike> {
    return this.toxic('amqp_duplicate', this.stream === 'downstream' ? { to } : {})
  }

  /** It is held back while others pass. */
  delay({ seconds }: { seconds: number }): Promise<Strike> {
    return this.toxic('amqp_delay', { delay: seconds * 1000 })
  }

  /** It changes places with the next one that matches on its connection; one that none follows there is late. */
  swap(): Promise<Strike> {
    return this.toxic('amqp_reorder', { count: 2 })
  }

  /** Its ack by the consumer, or its confirm by the broker, is lost; what was struck stays without. */
  loseAnswer(): Promise<Strike> {
    return this.answer({ do: 'lose' })
  }

  /** Its ack by the consumer, or its confirm by the broker, comes later. */
  delayAnswer({ seconds }: { seconds: number }): Promise<Strike> {
    return this.answer({ do: 'delay', delay: seconds * 1000 })
  }

  /** The broker cancels the consumer that it comes to. */
  cancelConsumer(): Promise<Strike> {
    return this.toxic('amqp_close', { kind: 'consumer' })
  }

  /** The broker closes its channel, or its connection, with a code of AMQP. */
  close(kind: 'channel' | 'connection', code: number): Promise<Strike> {
    return this.toxic('amqp_close', { kind, code })
  }

  /** The broker blocks the connection for some seconds. */
  block({ seconds }: { seconds: number }): Promise<Strike> {
    return this.toxic('amqp_close', { kind: 'blocked', timeout: seconds * 1000 })
  }

  /** Acks and confirms go the other way. */
  private answer(own: Match): Promise<Strike> {
    // The method that is matched is that of the ack.
    const attributes = { ...own, method: '' }
    return this.stream === 'downstream'
      ? this.toxic('amqp_ack', { what: 'ack', ...attributes }, 'upstream')
      : this.toxic('amqp_ack', { what: 'confirm', ...attributes }, 'downstream')
  }
}

function attributesOf(call: string, way: Way, { body, ...match }: CallMatch): Match {
  return {
    call,
    method: way === 'delivered' ? 'basic.deliver' : 'basic.publish',
    ...match,
    ...(body && { body: patternText(body) }),
  }
}
