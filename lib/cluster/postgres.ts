import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { HarnessError } from '../util/errors.ts'
import { freePort } from '../util/ports.ts'
import { cacheFolder } from './folders.ts'
import type { Ground, Launch } from './ground.ts'
import { accountFor, type Account, type Programs } from './programs.ts'
import type { RunningProcess } from './process.ts'
import { answers, awaitReady, onFreePort } from './ready.ts'

const DATABASE_USER = 'postgres'
export const DATABASE = 'mistral'

export interface Postgres {
  readonly process: RunningProcess
  readonly port: number
  readonly version: string
  end(): Promise<void>
}

/** Makes Mistral's schema in the empty database of a running PostgreSQL. */
export type MakeSchema = (port: number) => Promise<void>

const run = promisify(execFile)

/** A test's data need not survive a power cut: without fsync a cluster is up and down much sooner. */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'max_connections=300',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'log_min_messages=warning',
  'logging_collector=off',
  'shared_buffers=64MB',
]

export async function postgresVersion(programs: Programs): Promise<string> {
  const { stdout } = await run(programs.postgres, ['--version'])
  return /\d+(\.\d+)?/.exec(stdout)?.[0] ?? 'unknown'
}

/** It answers a question; also of a server that is not ours to end. */
export async function postgresAnswers(port: number, database: string, limitMs = 1000): Promise<boolean> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: DATABASE_USER,
    database,
    connectionTimeoutMillis: limitMs,
    query_timeout: limitMs,
  })
  client.on('error', () => {
    // A connection that breaks while the server starts is the same answer as a refused one.
  })
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

function serve(
  ground: Ground,
  programs: Programs,
  launch: Launch,
  data: string,
  account: Account,
): Promise<{ process: RunningProcess; port: number }> {
  return onFreePort(async () => {
    const port = await freePort()
    const started = await launch(
      { kind: 'postgres', port },
      {
        name: 'postgres',
        command: programs.postgres,
        args: ['-D', data, '-p', String(port), ...SETTINGS.flatMap((setting) => ['-c', setting])],
        env: ground.env,
        cwd: data,
        log: join(ground.logs, 'postgres.log'),
        account,
      },
    )
    try {
      await awaitReady(
        started,
        answers('it answers SELECT 1', () => postgresAnswers(port, 'postgres')),
        30_000,
        ground.signal,
      )
    } catch (error) {
      await started.end('SIGKILL', 3000)
      throw error
    }
    return { process: started, port }
  })
}

async function createDatabase(port: number): Promise<void> {
  const client = new Client({ host: '127.0.0.1', port, user: DATABASE_USER, database: 'postgres' })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${DATABASE}`)
  } finally {
    await client.end()
  }
}

/** Where a cluster makes a schema template begins so: whoever cleans up after it removes what it left there. */
export const makingPrefix = (cluster: string): string => `making-${cluster}-`

/**
 * The folder of a database cluster that holds Mistral's schema and was shut down in order. Made once per version
 * of PostgreSQL and Mistral, then copied for each cluster: that is quicker than initdb and the migrations.
 */
async function schemaTemplate(
  ground: Ground,
  programs: Programs,
  launch: Launch,
  key: string,
  makeSchema: MakeSchema,
): Promise<string> {
  const template = join(cacheFolder(), key)
  if (existsSync(template)) return template
  const account = accountFor('postgres')
  const work = mkdtempSync(join(cacheFolder(), makingPrefix(ground.id)))
  chownSync(work, account.uid, account.gid)
  const data = join(work, 'data')
  try {
    const args = [
      '-D',
      data,
      '-U',
      DATABASE_USER,
      '-A',
      'trust',
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
    ]
    await run(programs.initdb, args, { env: ground.env, cwd: work, ...account }).catch(
      (error: { stderr?: string; message: string }) => {
        throw new HarnessError(`initdb failed: ${error.stderr ?? error.message}`)
      },
    )
    const server = await serve(ground, programs, launch, data, account)
    try {
      await createDatabase(server.port)
      await makeSchema(server.port)
    } finally {
      await server.process.end('SIGINT', 20_000)
    }
    try {
      renameSync(data, template)
    } catch (error) {
      // Another run may have been quicker: its template is as good as ours.
      if (!existsSync(template)) throw error
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return template
}

/**
 * Starts PostgreSQL on a fresh copy of the schema.
 * @param mistral Version of Mistral: part of the cache's key.
 */
export async function startPostgres(
  ground: Ground,
  programs: Programs,
  launch: Launch,
  mistral: string,
  makeSchema: MakeSchema,
): Promise<Postgres> {
  const account = accountFor('postgres')
  const version = await postgresVersion(programs)
  const template = await schemaTemplate(
    ground,
    programs,
    launch,
    `postgres-${version}-mistral-${mistral}`,
    makeSchema,
  )
  const folder = join(ground.folder, 'postgres')
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const data = join(folder, basename(template))
  await run('cp', ['-a', template, data]).catch((error: Error) => {
    rmSync(data, { recursive: true, force: true })
    throw new HarnessError(`cannot copy the database template to ${data}: ${error.message}`)
  })
  const server = await serve(ground, programs, launch, data, account)
  // SIGQUIT is PostgreSQL's immediate shutdown; the data goes with the cluster.
  return { ...server, version, end: () => server.process.end('SIGQUIT', 5000) }
}
