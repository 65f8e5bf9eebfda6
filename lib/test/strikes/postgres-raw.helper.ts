/** A client of PostgreSQL that sends bytes as it is told, for tests of toxics on a real server. */
import type { Socket } from 'node:net'
import { poll } from '../../util/poll.ts'
import { client as messages } from '../../wire/postgres/conversation.helper.ts'
import { PostgresDecoder } from '../../wire/postgres/decoder.ts'
import type { PostgresMessage } from '../../wire/postgres/messages.ts'

export const eventually = (what: string, holds: () => Promise<boolean>): Promise<unknown> =>
  poll(async () => (await holds()) || undefined, { what, deadlineMs: 5000, everyMs: 2 })

/** A client that sends what it is told, and remembers what came. */
export class Raw {
  readonly #socket: Socket
  readonly #decoder: PostgresDecoder
  readonly came: PostgresMessage[] = []
  ended: 'FIN' | 'RST' | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.#decoder = new PostgresDecoder({
      onMessage: (message) => {
        if (message.side === 'backend') this.came.push(message)
      },
    })
    socket.on('data', (bytes) => this.#decoder.backend(bytes))
    socket.on('end', () => (this.ended ??= 'FIN'))
    socket.on('error', () => (this.ended ??= 'RST'))
  }

  send(...bytes: Buffer[]): void {
    const all = Buffer.concat(bytes)
    this.#decoder.frontend(all)
    this.#socket.write(all)
  }

  /** Until the server has been ready so often since the last time that was asked for. @returns what came, as text. */
  async ready(times: number): Promise<string[]> {
    await this.until(`ready ${times} times`, () => this.#readyTimes >= times)
    return this.came.splice(0).map(inWords)
  }

  until(what: string, holds: () => boolean): Promise<unknown> {
    return eventually(what, async () => Promise.resolve(holds()))
  }

  end(): void {
    this.#socket.destroy()
  }

  reset(): void {
    this.#socket.resetAndDestroy()
  }

  get #readyTimes(): number {
    return this.came.filter(({ type }) => type === 'ReadyForQuery').length
  }
}

/** `CommandComplete INSERT 0 1`, `ErrorResponse 40001`, `ReadyForQuery I`. */
function inWords({ type, fields }: PostgresMessage): string {
  const { tag, code, status } = fields as { tag?: string; code?: string; status?: string }
  return [type, tag, code, status].filter(Boolean).join(' ')
}

/** A statement of the extended protocol, up to but without its Sync. */
export const step = (text: string): Buffer =>
  Buffer.concat([messages.parse(text), messages.bind([]), messages.execute()])
