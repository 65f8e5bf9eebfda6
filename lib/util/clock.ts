/** Milliseconds on a clock that never goes back; only differences mean something. */
export const monotonicMs = (): number => performance.now()

/** Seconds with one decimal, as people read them: `2.4 s`. */
export const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/** `4 ms`, from one second on `1.2 s`. */
export const shortTime = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : inSeconds(ms))
