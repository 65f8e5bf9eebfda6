import type { BrokerRead, DatabaseRead } from '../ledger/entries.ts'
import { sameEssence, type Reading } from '../ledger/settle.ts'
import type { Session } from './session.ts'

/**
 * Reads the database and the broker for one scenario, straight and not through the links. Readings that say
 * nothing new are not journaled.
 */
export class Observer {
  /** Those that were journaled. */
  readonly readings: Reading[] = []
  private readonly session: Session
  private readonly executions: readonly string[]

  /** @param executions Ids of the scenario's own executions; the list may grow. */
  constructor(session: Session, executions: readonly string[]) {
    this.session = session
    this.executions = executions
  }

  /**
   * Everything that the scenario started, as of one moment.
   * @param always Journal it also when nothing but ages has changed.
   */
  async readDatabase(why: string, always = false): Promise<Reading> {
    const rows = await this.session.database.readRows(this.executions)
    const fact: DatabaseRead = { kind: 'database.read', why, ...rows }
    const last = this.readings.at(-1)
    if (!always && last !== undefined && sameEssence(last, fact))
      return { ...fact, at: this.session.journal.now() }
    const at = this.session.journal.append(fact)
    const reading = { ...fact, at }
    this.readings.push(reading)
    return reading
  }

  async readBroker(why: string, journaled: boolean): Promise<BrokerRead> {
    const { queues } = await this.session.cluster.rabbitmq.read()
    const fact: BrokerRead = { kind: 'broker.read', why, queues }
    if (journaled) this.session.record(fact)
    return fact
  }

  /** Bytes that the proxies hold back now. */
  bytesHeld(): number {
    const { tap } = this.session
    const lanes = tap.proxies().map(({ name }) => tap.evidence(name)?.lanes)
    return lanes.reduce((sum, both) => sum + (both ? both.upstream.held + both.downstream.held : 0), 0)
  }
}
