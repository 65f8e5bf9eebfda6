import type { AmqpChunk, AmqpPowers } from '../../../toxic/amqp.ts'
import type { AmqpUnit } from '../../../toxic/units.ts'
import type { Stream } from '../../../toxic.ts'
import { encodeMethod } from '../../../wire/amqp/encode.ts'
import type { Fields, MethodName } from '../../../wire/amqp/specification.ts'
import type { Consumers } from '../consumers.ts'
import type { AmqpDialect } from './dialect.ts'

export interface SurgeryHost {
  readonly consumers: Consumers
  insert(stream: Stream, bytes: Buffer, channel: number): void
}

/** What toxics may do to the messages of one connection. */
export class AmqpSurgery implements AmqpPowers {
  readonly #dialect: AmqpDialect
  readonly #host: SurgeryHost

  constructor(dialect: AmqpDialect, host: SurgeryHost) {
    this.#dialect = dialect
    this.#host = host
  }

  /** Whether what was published and delivered is kept until it has been answered, for toxics that ask. */
  remember(answers: boolean): void {
    this.#dialect.remembers = answers
  }

  answer(unit: AmqpUnit, how: 'ok' | 'nack'): boolean {
    const answer = this.#dialect.answer(unit, how)
    if (!answer) return false
    const to = unit.message.method === 'basic.publish' ? 'downstream' : 'upstream'
    this.#host.insert(to, answer, unit.message.channel)
    return true
  }

  insert<M extends MethodName>(stream: Stream, channel: number, method: M, fields: Fields<M>): void {
    this.#host.insert(stream, encodeMethod(channel, method, fields), channel)
  }

  deliverElsewhere(_chunk: AmqpChunk): boolean {
    return false
  }

  dispose(): void {}
}
