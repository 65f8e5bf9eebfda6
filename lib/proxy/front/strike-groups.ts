import type { Toxic } from '../stage-host.ts'

/** Identities that are remembered, so that what is sent again does not count again. */
const IDENTITIES_KEPT = 100_000

/** Which messages have matched a toxic, or one of a group, since it was armed. */
export class StrikeTally {
  /** Distinct messages that have matched. */
  matched = 0
  struck = 0
  #young = new Set<string>()
  #old = new Set<string>()

  /** @returns whether it is seen for the first time. */
  isNew(identity: string): boolean {
    if (this.#young.has(identity) || this.#old.has(identity)) return false
    this.#young.add(identity)
    if (this.#young.size >= IDENTITIES_KEPT / 2) {
      this.#old = this.#young
      this.#young = new Set()
    }
    return true
  }
}

interface Group {
  readonly tally: StrikeTally
  readonly members: Set<Toxic>
}

/** The tallies of a server's toxics; those of one group share one, for as long as one of them is there. */
export class StrikeGroups {
  readonly #byToxic = new Map<Toxic, { name: string; group: Group }>()
  readonly #byName = new Map<string, Group>()

  of(toxic: Toxic): StrikeTally {
    const name = String(toxic.attributes['group'] ?? '')
    const known = this.#byToxic.get(toxic)
    if (known?.name === name) return known.group.tally
    this.forget(toxic)
    const group = this.#byName.get(name) ?? { tally: new StrikeTally(), members: new Set() }
    group.members.add(toxic)
    this.#byToxic.set(toxic, { name, group })
    if (name !== '') this.#byName.set(name, group)
    return group.tally
  }

  /** It is gone. */
  forget(toxic: Toxic): void {
    const known = this.#byToxic.get(toxic)
    if (!known) return
    this.#byToxic.delete(toxic)
    known.group.members.delete(toxic)
    if (known.group.members.size === 0) this.#byName.delete(known.name)
  }
}
