import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { ApiError } from '../api/errors.ts'
import { isLoopback } from '../api/guard.ts'
import { startToxiproxy, type RunningToxiproxy } from '../api/server.ts'
import { ListenError } from '../proxy/listener.ts'
import { loadToxic } from '../proxy/load-toxic.ts'
import type { ToxicDefinition } from '../toxic.ts'
import { messageOf, UsageError } from '../util/errors.ts'
import { toxics } from '../../toxics/index.ts'
import { listenForInterrupts } from './interrupts.ts'
import { readJsonFile } from './json-file.ts'
import { newSeed } from './options.ts'
import { proxyLines } from './proxy-text.ts'
import { tableLines } from './table.ts'

export interface ServeFlags {
  host: string
  port: number
  config?: string
  metrics: boolean
  /** Toxics can act on messages of connections that were open before. */
  followMessages: boolean
  seed?: string
  /** False: nobody needs one, wherever the server is bound. */
  token?: string | false
  /** Files of toxics of the user's own. */
  toxic: string[]
  json: boolean
}

/** What a server tells when it listens. */
interface ServeFacts {
  url: string
  seed: string
  token?: string
}

/**
 * Runs a server until Ctrl-C.
 * @throws {UsageError} if a file, the token or the port cannot be used.
 */
export async function serve(flags: ServeFlags): Promise<void> {
  const known = await ownToxics(flags.toxic)
  if (flags.toxic.length > 0) outliveStrays()
  const config = flags.config === undefined ? [] : readJsonFile(flags.config)
  const seed = flags.seed ?? newSeed()
  const token = tokenOf(flags)
  using interrupts = listenForInterrupts(() => {}, log)
  await using server = await start({
    ...flags,
    toxics: known,
    seed,
    token,
    log,
    follows: () => flags.followMessages,
  })
  await populate(server, config, flags.config)
  say(server, { url: server.url, seed, ...(token !== undefined && { token }) }, flags.json)
  await new Promise((resolve) => {
    if (interrupts.interrupted) resolve(undefined)
    else interrupts.signal.addEventListener('abort', resolve)
  })
}

async function ownToxics(files: readonly string[]): Promise<ToxicDefinition[]> {
  const known = [...toxics]
  // One after the other: two files may not be of one type.
  for (const file of files) known.push(await loadToxic(file, known))
  return known
}

/** A toxic of the user's own may throw where no connection can be told of it: in a timer or a promise that it has made. */
function outliveStrays(): void {
  process.on('uncaughtException', (error, origin) => {
    log(`${origin}, most likely in a toxic of yours; the server goes on: ${traceOf(error)}`)
  })
}

/** With where it was thrown, if it can be had. */
function traceOf(error: unknown): string {
  try {
    return inspect(error)
  } catch {
    return messageOf(error)
  }
}

/** Whoever can reach it can break what it stands before: beyond this machine only with a token, unless told. */
function tokenOf({ host, token }: ServeFlags): string | undefined {
  if (token === false) return undefined
  if (token === undefined) return isLoopback(host) ? undefined : randomBytes(24).toString('base64url')
  if (/^[\w.~-]{8,}$/.test(token)) return token
  throw new UsageError(
    '--token must be 8 or more of letters, digits and - . _ ~, since it may stand in a URL; leave it out and one is made',
  )
}

async function start(options: Parameters<typeof startToxiproxy>[0]): Promise<RunningToxiproxy> {
  try {
    return await startToxiproxy(options)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'EADDRINUSE' ? 'address already in use (--port 0 takes a free one)' : messageOf(error)
    throw new UsageError(`cannot listen on ${options.host}:${options.port}: ${why}`, { cause: error })
  }
}

async function populate(server: RunningToxiproxy, config: unknown, file = ''): Promise<void> {
  try {
    await server.populate(config)
  } catch (error) {
    if (error instanceof ApiError || error instanceof ListenError)
      throw new UsageError(`--config ${file}: ${error.message}`, { cause: error })
    throw error
  }
}

const log = (line: string): void => void process.stderr.write(`${line}\n`)

function say(server: RunningToxiproxy, facts: ServeFacts, json: boolean): void {
  const proxies = server.proxies()
  if (json) return void process.stdout.write(`${JSON.stringify({ ...facts, proxies })}\n`)
  const { url, seed, token } = facts
  const head = [
    ['Toxiproxy API', url],
    ['seed', seed],
    ...(token === undefined ? [] : [['token', `${token} (Authorization: Bearer, or ${url}/${token})`]]),
  ]
  const table = proxies.length === 0 ? [] : ['', ...proxyLines(proxies)]
  process.stdout.write(`${[...tableLines(head), ...table].join('\n')}\n`)
}
