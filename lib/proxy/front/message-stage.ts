import type { AmqpPowers } from '../../toxic/amqp.ts'
import type { PostgresError } from '../../toxic/postgres.ts'
import type { Piece, PostgresUnit, Unit } from '../../toxic/units.ts'
import type { Chunk, Hooks } from '../../toxic.ts'
import { Stage } from '../stage.ts'
import type { PostgresPowers } from '../stage-host.ts'
import { either, type Head, type Interest } from './amqp/head.ts'
import { striking, type StrikingHooks } from './striking.ts'

/** A toxic that acts on messages, on one lane. */
export class MessageStage extends Stage {
  /** What ends when the toxic is changed or removed. */
  readonly #blocks = new Set<() => void>()
  #striking: StrikingHooks | undefined

  get amqp(): AmqpPowers | undefined {
    return this.host.surgery?.amqp
  }

  copy({ bytes, unit }: Chunk, due = 0): void {
    if (unit?.protocol !== 'amqp') throw new TypeError('only a message of AMQP can be sent once more')
    this.act()
    this.send({ bytes, at: 0, unit: unit.copy() }, due)
  }

  fail(chunk: Chunk, error: PostgresError): void {
    const [postgres, unit] = this.#statement(chunk)
    this.act()
    this.send({ ...chunk, bytes: postgres.fail(unit, error, this.toxic) })
  }

  sendUnheard(chunk: Chunk, answered: () => void): void {
    const [postgres, unit] = this.#statement(chunk)
    this.act()
    postgres.keepUnheard(unit, () => this.run(answered))
    this.send(chunk)
  }

  block(reason: string): () => void {
    this.act()
    const end = this.host.surgery?.block(reason) ?? (() => {})
    this.#blocks.add(end)
    return () => {
      if (this.#blocks.delete(end)) end()
    }
  }

  protected override hooksFrom(hooks: Hooks): Hooks {
    const choosing = this.host.surgery?.choosing(this.toxic)
    if (!choosing) return hooks
    this.#striking = striking(hooks, this.toxic, this, choosing, () => this.act())
    return this.#striking
  }

  protected override passes(unit: Unit | Piece | undefined): boolean {
    return this.#striking?.passes(unit) ?? false
  }

  /** What is in hand must not be overtaken, and what leaves behind it is counted when it leaves. */
  interest(head: Head): Interest {
    if (this.holds || !this.#striking) return 'message'
    return either(this.#striking.interest(head), this.next.interest?.(head))
  }

  tooLong(head: Head): void {
    this.#striking?.tooLong(head)
    this.next.tooLong?.(head)
  }

  protected override opened(hooks: Hooks): void {
    if (this.amqp?.isOpen) hooks.atOnce?.()
  }

  protected override cleared(): void {
    for (const end of this.#blocks) end()
    this.#blocks.clear()
  }

  #statement({ unit }: Chunk): [PostgresPowers, PostgresUnit] {
    const postgres = this.host.surgery?.postgres
    if (unit?.protocol === 'postgres' && postgres) return [postgres, unit]
    throw new TypeError('only a statement of PostgreSQL can be answered')
  }
}
