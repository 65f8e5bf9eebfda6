import type { AmqpUnit, Unit } from '../../../toxic/units.ts'
import type { AmqpMessage } from '../../../wire/amqp/message.ts'
import type { Channel } from './channels.ts'
import { decodeCall, type RpcCall } from '../../../wire/rpc/call.ts'

/** What there is of a unit before anybody asks. */
export interface UnitFacts {
  message: AmqpMessage
  /** Its channel as it was when it came. */
  channel: Channel
  until: number | undefined
  number: number
  queue: string | undefined
  answers: readonly AmqpUnit[]
}

/** A message of AMQP on its way; its call is decoded when it is asked for. */
export class CutUnit implements AmqpUnit {
  readonly protocol = 'amqp'
  readonly message: AmqpMessage
  readonly channel: Channel
  readonly until: number | undefined
  readonly number: number
  readonly queue: string | undefined
  readonly answers: readonly AmqpUnit[]
  /** Of what was settled and not told at once: the tags that it covered then. */
  covers: readonly number[] | undefined
  #call: RpcCall | undefined
  #asked = false

  constructor({ message, channel, until, number, queue, answers }: UnitFacts) {
    this.message = message
    this.channel = channel
    this.until = until
    this.number = number
    this.queue = queue
    this.answers = answers
  }

  get call(): RpcCall | undefined {
    if (!this.#asked) {
      this.#asked = true
      this.#call = callOf(this.message)
    }
    return this.#call
  }

  /** Who closes a channel has sent before all that it had. */
  ends(other: Unit): boolean {
    const { method, channel } = this.message
    if (method === 'connection.close') return true
    return method === 'channel.close' && other.protocol === 'amqp' && other.message.channel === channel
  }

  /** The same once more, which no one but us has sent. */
  copy(): CutUnit {
    const { message, channel, queue } = this
    const copy = new CutUnit({ message, channel, queue, until: undefined, number: 0, answers: [] })
    copy.#call = this.#call
    copy.#asked = this.#asked
    return copy
  }
}

function callOf(message: AmqpMessage): RpcCall | undefined {
  switch (message.method) {
    case 'basic.publish':
      return decodeCall({ exchange: message.fields.exchange, ...message.content })
    case 'basic.deliver':
    case 'basic.get-ok': {
      const { exchange, redelivered } = message.fields
      return decodeCall({ exchange, redelivered, ...message.content })
    }
    default:
      return undefined
  }
}
