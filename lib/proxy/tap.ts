/**
 * What a toxic did to messages of a lane. A message that was withheld does not go on, unless it is released later, and
 * then not in its place; `until` is the offset of its end in what the tap has seen. What was inserted, a whole message,
 * was made by a toxic, and is not counted among what the tap has seen.
 */
export type Alteration =
  | { readonly kind: 'withheld' | 'released'; readonly until: number }
  | { readonly kind: 'inserted'; readonly bytes: Buffer }

/** Sees a lane, before any toxic; `at` is monotonic ms. */
export interface Tap {
  /** Bytes as they arrive, in the client's numbers where those differ from the broker's. It must not change them. */
  arrived(bytes: Buffer, at: number): void
  /** Told in its place between the bytes. */
  altered(alteration: Alteration, at: number): void
}
