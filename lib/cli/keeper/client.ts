import { request } from 'node:http'
import { HarnessError, messageOf, UsageError } from '../../util/errors.ts'
import type { FoundCluster } from '../clusters.ts'
import { controlSocket, type ControlError, type NodeAnswer } from './control.ts'

/** A stop may take Mistral's own limit of 20 s, a start a minute. */
const LIMIT_MS = 90_000

/** A node's name goes into the path. */
export const nodePath = (name: string, what: string): string => `/nodes/${encodeURIComponent(name)}/${what}`

/**
 * Asks a cluster's keeper, see the routes of control.ts.
 * @throws {UsageError} for a wrong word, or a cluster that has no keeper.
 * @throws {HarnessError} if it does not answer, or what was asked failed.
 */
export async function askKeeper(
  cluster: FoundCluster,
  path: string,
  body: Record<string, unknown> = {},
  limitMs = LIMIT_MS,
): Promise<NodeAnswer> {
  if (!cluster.kept)
    throw new UsageError(
      `${cluster.state.id} belongs to another command that runs: its nodes are not ours to touch`,
    )
  const { status, text } = await post(cluster.folder, path, body, limitMs).catch((error: unknown) => {
    const why = messageOf(error)
    throw new HarnessError(`the keeper of ${cluster.state.id} does not answer: ${why}`, { cause: error })
  })
  if (status < 300) return JSON.parse(text) as NodeAnswer
  const { error, usage } = JSON.parse(text) as ControlError
  throw usage ? new UsageError(error) : new HarnessError(error)
}

function post(
  folder: string,
  path: string,
  body: Record<string, unknown>,
  limitMs: number,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath: controlSocket(folder), path, method: 'POST', signal: AbortSignal.timeout(limitMs) },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
        response.once('error', reject)
      },
    )
    asked.once('error', reject)
    asked.end(JSON.stringify(body))
  })
}
