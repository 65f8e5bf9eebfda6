import { join } from 'node:path'
import { openSession, type Session } from '../../scenario/session.ts'
import { HarnessError, messageOf } from '../../util/errors.ts'
import { listenForInterrupts } from '../interrupts.ts'
import { killOwnClusters } from '../predecessors.ts'
import { openControl } from './control.ts'
import { noteEnded } from './ended.ts'
import type { KeeperMessage, KeeperPlan } from './plan.ts'

/** The keeper's own output, which `crosswind up` leads there. */
export const KEEPER_LOG = 'keeper.log'

const log = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`)

const tell = (message: KeeperMessage): void => {
  if (process.connected) process.send?.(message)
}

/**
 * Keeps a cluster with its proxies, effects and journal until it is told to end. Runs as a process of its own, which
 * `crosswind up` starts and gives its plan.
 * @returns The exit code.
 */
export async function keep(): Promise<number> {
  const plan = await planFromParent()
  using interrupts = listenForInterrupts(killOwnClusters, log)
  const ending = new AbortController()
  const signal = AbortSignal.any([interrupts.signal, ending.signal])
  const orphaned = () => ending.abort(new HarnessError('crosswind up ended before the cluster was up'))
  process.once('disconnect', orphaned)
  try {
    log(`starts ${plan.name}: ${JSON.stringify(plan)}`)
    const session = await openSession({
      ...plan,
      judges: false,
      onStep: (what, ms) => {
        log(`${what}: ${Math.round(ms)} ms`)
        tell({ kind: 'step', what, ms })
      },
      onBroken: (error) => ending.abort(error),
      signal,
    })
    await serveUntil(
      signal,
      session,
      () => ending.abort(),
      () => {
        process.off('disconnect', orphaned)
        tell({ kind: 'ready', id: session.cluster.id })
      },
    )
    log('the cluster is down')
    return session.broken() === undefined ? 0 : 2
  } catch (error) {
    log(`failed: ${messageOf(error)}`)
    tell({ kind: 'failed', text: interrupts.interrupted ? 'interrupted' : messageOf(error) })
    return 2
  }
}

const planFromParent = (): Promise<KeeperPlan> =>
  new Promise((resolve, reject) => {
    if (!process.connected) reject(new HarnessError('a keeper is started by `crosswind up`'))
    process.once('message', (plan) => resolve(plan as KeeperPlan))
  })

async function serveUntil(
  signal: AbortSignal,
  session: Session,
  onDown: () => void,
  onReady: () => void,
): Promise<void> {
  try {
    const control = await openControl(session.cluster, onDown)
    onReady()
    await aborted(signal)
    await control.close()
  } finally {
    const broken = session.broken()
    if (broken !== undefined) {
      const { cluster, plan } = session
      log(`ends: ${broken.message}`)
      const [name, id, at] = [cluster.name, cluster.id, new Date().toISOString()]
      noteEnded({ name, id, at, why: broken.message, log: join(plan.folder, KEEPER_LOG) })
    }
    session.record({ kind: 'run.ended', exitCode: broken === undefined ? 0 : 2 })
    await session[Symbol.asyncDispose]()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
