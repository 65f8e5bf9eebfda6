import { cleanRemains, findRemains, processesOf, type Remains } from '../cluster/remains.ts'
import { listClusters, type ClusterState } from '../cluster/state.ts'
import { ToxiproxyApi } from '../scenario/toxiproxy.ts'

/**
 * Removes what killed predecessors of ours left: processes, folders, and with them every fault and port.
 * @returns What was removed, for the report.
 */
export async function cleanPredecessors(): Promise<string[]> {
  const notes: string[] = []
  for (const remains of findRemains()) {
    await removeRemains(remains)
    notes.push(
      `removed what was left of ${remains.state.id}, whose owner (pid ${remains.state.owner.pid}) had died: ${remains.processes.length} processes`,
    )
  }
  return notes
}

/** Removes all that a cluster without an owner has left, its proxies on a real Toxiproxy too. */
export async function removeRemains(remains: Remains): Promise<void> {
  await removeFrontProxies(remains.state)
  await cleanRemains(remains)
}

/** A real Toxiproxy outlives everybody: what the cluster laid there would stay, with faults that have no end. */
async function removeFrontProxies({ urls: { toxiproxy, tap }, taps }: ClusterState): Promise<void> {
  if (toxiproxy === undefined || tap === undefined || toxiproxy === tap) return
  const front = new ToxiproxyApi(toxiproxy)
  try {
    // A proxy of that name may be somebody else's by now; the tap that it leads to tells.
    const ours = Object.values(await front.proxies()).filter(({ name, upstream }) => taps[name] === upstream)
    await Promise.all(ours.map(({ name }) => front.removeProxy(name)))
  } catch {
    // A Toxiproxy that has gone has taken its proxies with it, and one that another has just removed is gone too.
  }
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
