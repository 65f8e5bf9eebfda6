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

/** The tallies of a server's toxics; those of one group share one, for as long as one of them is there. */
export class StrikeGroups {
  readonly #byToxic = new WeakMap<Toxic, { group: string; tally: StrikeTally }>()
  readonly #byGroup = new Map<string, WeakRef<StrikeTally>>()

  of(toxic: Toxic): StrikeTally {
    const group = String(toxic.attributes['group'] ?? '')
    const known = this.#byToxic.get(toxic)
    if (known?.group === group) return known.tally
    const tally = (group === '' ? undefined : this.#byGroup.get(group)?.deref()) ?? new StrikeTally()
    this.#byToxic.set(toxic, { group, tally })
    if (group !== '') this.#byGroup.set(group, new WeakRef(tally))
    return tally
  }
}
