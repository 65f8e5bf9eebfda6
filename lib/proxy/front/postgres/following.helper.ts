import type { Piece, PostgresUnit, Unit } from '../../../toxic/units.ts'
import type { Stream } from '../../../toxic.ts'
import type { Side } from '../../../wire/postgres/messages.ts'
import type { Step } from '../../../wire/postgres/conversation.helper.ts'
import type { Outlet } from '../../stage-host.ts'
import { Consumers } from '../consumers.ts'
import { Front } from '../front.ts'

const STREAM_OF: Record<Side, Stream> = { frontend: 'upstream', backend: 'downstream' }

/** A connection whose lanes have no toxics: what comes in, is tapped and goes out, and the messages that are cut. */
export class Following {
  readonly front: Front
  readonly came: Record<Stream, Buffer[]> = { upstream: [], downstream: [] }
  readonly went: Record<Stream, Buffer[]> = { upstream: [], downstream: [] }
  readonly tapped: Record<Stream, Buffer[]> = { upstream: [], downstream: [] }
  readonly units: { stream: Stream; unit: PostgresUnit; bytes: Buffer }[] = []
  readonly pieces: { bytes: Buffer; piece: Piece | undefined }[] = []
  readonly opaque: string[] = []

  constructor() {
    const outlets: Partial<Record<Stream, Outlet>> = {}
    this.front = new Front({
      consumers: new Consumers(),
      choosing: () => {
        throw new Error('there are no toxics')
      },
      tap: (stream, seen) => {
        if (Buffer.isBuffer(seen)) this.tapped[stream].push(Buffer.from(seen))
      },
      outlet: (stream) => outlets[stream]!,
      dropped: () => {},
      server: 'p',
      stop: () => {},
      opaque: (reason) => this.opaque.push(reason),
    })
    for (const stream of ['upstream', 'downstream'] as const) {
      const exit = this.front.exit(stream, {
        data: (bytes) => void this.went[stream].push(Buffer.from(bytes)),
        ending: () => {},
      })
      outlets[stream] = {
        data: (bytes, unit) => {
          this.#see(stream, bytes, unit)
          exit.data(bytes, unit)
        },
        ending: (how) => exit.ending(how),
      }
    }
  }

  /** As a lane does. */
  arrives({ side, bytes }: Step): void {
    const stream = STREAM_OF[side]
    this.came[stream].push(Buffer.from(bytes))
    if (this.front.cuts) return this.front.cut(stream, bytes)
    this.went[stream].push(Buffer.from(bytes))
    this.tapped[stream].push(Buffer.from(bytes))
    this.front.follow(stream, bytes)
  }

  ends(): void {
    this.front.ending('upstream', 'end')
    this.front.ending('downstream', 'end')
  }

  #see(stream: Stream, bytes: Buffer, unit: Unit | Piece | undefined): void {
    if (unit?.protocol === 'postgres') this.units.push({ stream, unit, bytes })
    else this.pieces.push({ bytes, piece: unit as Piece | undefined })
  }
}

export const whole = (parts: Record<Stream, Buffer[]>): Record<Stream, string> => ({
  upstream: Buffer.concat(parts.upstream).toString('latin1'),
  downstream: Buffer.concat(parts.downstream).toString('latin1'),
})

/** All of a conversation, cut from its first byte on. */
export function cutting(...steps: Step[][]): Following {
  const it = new Following()
  it.front.want(true, false)
  for (const step of steps.flat()) it.arrives(step)
  return it
}
