import type { AmqpChunk, AmqpEnd, AmqpPowers } from '../../../toxic/amqp.ts'
import type { AmqpUnit } from '../../../toxic/units.ts'
import type { Stream } from '../../../toxic.ts'
import { encodeMethod } from '../../../wire/amqp/encode.ts'
import type { Fields, MethodName } from '../../../wire/amqp/specification.ts'
import type { Consumers } from '../consumers.ts'
import type { Cuts } from '../dialect.ts'
import { Blocking } from './blocking.ts'
import { AmqpDialect } from './dialect.ts'
import { Elsewhere } from './elsewhere.ts'

export interface SurgeryHost {
  readonly consumers: Consumers
  /** Names the server: consumers of another's queue are others. */
  readonly server: string
  /** From here on bytes go on message by message. */
  begin(): void
  /** @param left called when it has left. */
  insert(stream: Stream, bytes: Buffer, channel: number, left?: () => void): void
  /** Reads no more of a lane's source, or reads on. */
  stop(stream: Stream, stopped: boolean): void
}

/** The specification's codes for who gives none. */
const USUAL_CODE = { connection: 320, channel: 406 } as const

/** What toxics may do to the messages of one connection. */
export class AmqpSurgery implements AmqpPowers {
  readonly dialect: AmqpDialect
  readonly #host: SurgeryHost
  readonly #elsewhere: Elsewhere
  readonly #blocking: Blocking

  constructor(cuts: Cuts, host: SurgeryHost) {
    const elsewhere = new Elsewhere(host, () => this.dialect.channels)
    this.#elsewhere = elsewhere
    this.dialect = new AmqpDialect(cuts, elsewhere)
    const { channels } = this.dialect
    this.#host = host
    this.#blocking = new Blocking({
      get canTell() {
        return channels.isOpen && channels.can('connection.blocked')
      },
      get heartbeat() {
        return channels.heartbeat
      },
      insert: (stream, bytes, channel) => host.insert(stream, bytes, channel),
      stop: (stream, stopped) => host.stop(stream, stopped),
    })
  }

  /** Whether what was published and delivered is kept until it has been answered, for toxics that ask. */
  remember(answers: boolean): void {
    this.dialect.remembers = answers
    if (!answers) this.dialect.channels.forgetAnswered()
  }

  get isOpen(): boolean {
    return this.dialect.channels.isOpen
  }

  answer(unit: AmqpUnit, how: 'ok' | 'nack' | 'requeue'): boolean {
    const answer = this.dialect.answer(unit, how)
    if (!answer) return false
    const to = unit.message.method === 'basic.publish' ? 'downstream' : 'upstream'
    this.#host.insert(to, answer, unit.message.channel)
    return true
  }

  insert<M extends MethodName>(stream: Stream, channel: number, method: M, fields: Fields<M>): void {
    this.#host.begin()
    this.#host.insert(stream, encodeMethod(channel, method, fields), channel)
  }

  canDeliverElsewhere(unit: AmqpUnit): boolean {
    return this.#elsewhere.other(unit) !== undefined
  }

  deliverElsewhere(chunk: AmqpChunk): void {
    this.#elsewhere.other(chunk.unit)?.deliver(chunk)
  }

  end(what: AmqpEnd, reply: { code: number; text: string }, unit?: AmqpUnit): string | undefined {
    const { channels } = this.dialect
    if (!channels.isOpen) return undefined
    this.#host.begin()
    const code = reply.code || USUAL_CODE[what === 'connection' ? what : 'channel']
    if (what === 'connection') return this.#close([0], code, reply.text)
    if (what === 'channel')
      return this.#close(unit ? [unit.message.channel] : channels.open, code, reply.text)
    return this.#cancel(unit)
  }

  /** @returns what ends it. */
  block(reason: string): () => void {
    this.#host.begin()
    return this.#blocking.begin(reason)
  }

  dispose(): void {
    this.#blocking.dispose()
    this.#elsewhere.dispose()
  }

  #close(open: readonly number[], replyCode: number, replyText: string): string | undefined {
    const { channels, closings } = this.dialect
    const closed = open.filter((channel) => !closings.has(channel))
    for (const channel of closed) {
      closings.begin(channel)
      channels.ended(channel)
      const method = channel === 0 ? 'connection.close' : 'channel.close'
      const reply = { replyCode, replyText, classId: 0, methodId: 0 }
      for (const stream of ['downstream', 'upstream'] as const)
        this.#host.insert(stream, encodeMethod(channel, method, reply), channel, () =>
          closings.told(stream, channel),
        )
    }
    if (closed.length === 0) return undefined
    return closed[0] === 0
      ? `connection.close ${replyCode}`
      : `channel.close ${replyCode} of ${closed.length}`
  }

  #cancel(unit: AmqpUnit | undefined): string | undefined {
    const { channels } = this.dialect
    if (!channels.can('consumer_cancel_notify')) return undefined
    const of = unit?.message.method === 'basic.deliver' ? unit.message : undefined
    const cancelled = this.#elsewhere.consumers.filter(
      ({ channel, tag }) => !of || (of.channel === channel && of.fields.consumerTag === tag),
    )
    for (const { channel, tag } of cancelled) {
      const { cancelling } = channels.of(channel)
      if (cancelling.has(tag)) continue
      // Its answer, behind the last delivery, becomes what the client is told.
      cancelling.add(tag)
      const method = { consumerTag: tag, nowait: false }
      this.#host.insert('upstream', encodeMethod(channel, 'basic.cancel', method), channel)
    }
    return cancelled.length > 0 ? `basic.cancel of ${cancelled.length}` : undefined
  }
}
