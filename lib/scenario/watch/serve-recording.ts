import { parentPort, workerData } from 'node:worker_threads'
import { Recording, type Listener, type RecordingPlan } from './recording.ts'

/** What the thread is told: that the ring is not empty any more, or that nothing will come any more. */
export type Order = 'read' | 'close'

/** Makes the thread that this is called in one that a `Recorder` can have. */
export function serveRecording(listener?: Listener): void {
  const port = parentPort
  if (!port) throw new Error('this is no thread of a recorder')
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
  const recording = new Recording(workerData as RecordingPlan, (told) => port.postMessage(told), listener)
  port.on('message', (order: Order) => {
    if (order === 'read') recording.run()
    else void recording.close().then(() => port.close())
  })
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
  port.postMessage({ kind: 'ready' })
  recording.run()
}
