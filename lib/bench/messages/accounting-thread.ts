/** The recorder's thread of the benchmark: what it journals is accounted for besides. */
import { Traffic } from '../../ledger/messages/traffic.ts'
import { serveRecording } from '../../scenario/watch/serve-recording.ts'

/** What the accounts have come to. */
export interface Findings {
  strays: number
  forgotten: number
  /** Of the thread, in bytes; after collection where it can be asked for (`--expose-gc`). */
  heap: number
}

/** As the ledger of a cluster that may run for days. */
const MOST_ANSWERED = 10_000

const traffic = new Traffic(undefined, MOST_ANSWERED)

function findings(): Findings {
  globalThis.gc?.()
  const { strays, forgotten } = traffic
  return { strays: strays.length, forgotten, heap: process.memoryUsage().heapUsed }
}

serveRecording({ onEntry: (entry) => void traffic.see(entry), findings })
