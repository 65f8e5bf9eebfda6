import { cleanRemains, findRemains, processesOf } from '../cluster/remains.ts'
import { listClusters } from '../cluster/state.ts'

/**
 * Removes what killed predecessors of ours left: processes, folders, and with them every fault and port.
 * @returns What was removed, for the report.
 */
export async function cleanPredecessors(): Promise<string[]> {
  const notes: string[] = []
  for (const remains of findRemains()) {
    await cleanRemains(remains)
    notes.push(
      `removed what was left of ${remains.state.id}, whose owner (pid ${remains.state.owner.pid}) had died: ${remains.processes.length} processes`,
    )
  }
  return notes
}

/** Ends every process of our own clusters without waiting for any of them. */
export function killOwnClusters(): void {
  for (const { state } of listClusters()) {
    if (state.owner.pid !== process.pid) continue
    for (const { pid } of processesOf(state)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended since we looked.
      }
    }
  }
}
