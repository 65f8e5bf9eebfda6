import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HarnessError, messageOf } from '../util/errors.ts'
import { databaseSection, ini } from './config.ts'
import { schemaArguments } from './versions.ts'

/** 2 s each is usual; a machine that is busy with other clusters takes some times that. */
const LIMIT_MS = 120_000

/** Where a schema is made. */
export interface SchemaPlace {
  /** Of PostgreSQL itself, on loopback. */
  port: number
  /** An empty database. */
  database: string
  /** Gets the configuration file that the tools read. */
  folder: string
  env: NodeJS.ProcessEnv
}

/**
 * Makes the tables of this interpreter's Mistral and fills in its own actions and workflows.
 * @throws {HarnessError} with the last lines of what the tool wrote.
 */
export async function makeSchema(
  python: string,
  { port, database, folder, env }: SchemaPlace,
): Promise<void> {
  const file = join(folder, 'schema.conf')
  await writeFile(file, ini(databaseSection(port, database)))
  for (const command of [['upgrade', 'head'], ['populate']]) {
    try {
      await promisify(execFile)(python, schemaArguments(file, ...command), {
        cwd: folder,
        env,
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: 64 * 1024 * 1024,
      })
    } catch (error) {
      const lastLines = messageOf(error).trim().split('\n').slice(-10).join('\n')
      throw new HarnessError(`mistral-db-manage ${command.join(' ')} failed: ${lastLines}`, { cause: error })
    }
  }
}
