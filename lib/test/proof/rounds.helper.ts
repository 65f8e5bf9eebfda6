/** What the tests share in which the ledger is not told what is done to messages: rounds on one cluster under each driver. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { mistralVersion, traitsOf } from '../../mistral/versions.ts'
import { openSession, type Session, type SessionPlan } from '../../scenario/session.ts'
import { layHome, type Home } from '../gate.helper.ts'
import { python } from './control.helper.ts'

/** The nightly run asks for more. */
const ROUNDS = Number(process.env['CROSSWIND_TRUTH_ROUNDS'] ?? 5)
const BOOT_LIMIT_MS = 100_000

export const SEED = process.env['CROSSWIND_TEST_SEED'] ?? randomBytes(4).toString('hex')
export const ROUND_LIMIT_MS = 120_000
export const ROUND_NUMBERS = Array.from({ length: ROUNDS }, (_, index) => index + 1)

/**
 * Under kombu one, since there an action that runs twice sends its result twice under one identity, and two engines may
 * take the two: then the ledger rightly calls the result duplicated too, which nobody could foretell.
 */
const ENGINES = { oslo: 2, kombu: 1 }

export const { rpcDrivers } = traitsOf(await mistralVersion(python()))

/** A cluster for the tests of a `describe`. @returns the session that is open while they run. */
export function clusterFor(
  name: string,
  rpc: keyof typeof ENGINES,
  watch: Partial<Pick<SessionPlan, 'watch'>> = {},
): () => Session {
  let home: Home | undefined
  let session: Session | undefined

  before(async function boot() {
    this.timeout(BOOT_LIMIT_MS)
    console.log(`      CROSSWIND_TEST_SEED=${SEED}`)
    home = layHome()
    session = await openSession({
      name: `${name}-${rpc}`,
      sizes: { api: 1, engine: ENGINES[rpc], executor: 2 },
      rpc,
      seed: SEED,
      python: python(),
      folder: join(home.cwd, rpc),
      run: `${name}-${rpc}`,
      replay: `CROSSWIND_TEST_SEED=${SEED} npm test`,
      ...watch,
      onStep: () => {},
    })
  })

  after(async () => {
    await session?.[Symbol.asyncDispose]()
    home?.[Symbol.dispose]()
  })

  return () => {
    if (!session) throw new Error('no cluster is up')
    return session
  }
}
