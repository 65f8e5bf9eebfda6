import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'chai'
import { mistralVersion, traitsOf } from '../../mistral/versions.ts'
import { openSession, type Session } from '../../scenario/session.ts'
import { seededRandom } from '../../util/random.ts'
import { layHome, type Home } from '../gate.helper.ts'
import { python } from './control.helper.ts'
import { named, planRound, planText, playRound, textOf } from './truth.helper.ts'
import { witness, type Witness } from './witness.helper.ts'

/** The nightly run asks for more. */
const ROUNDS = Number(process.env['CROSSWIND_TRUTH_ROUNDS'] ?? 5)
const SEED = process.env['CROSSWIND_TEST_SEED'] ?? randomBytes(4).toString('hex')
const BOOT_LIMIT_MS = 100_000
const ROUND_LIMIT_MS = 120_000

/**
 * Under kombu one, since there an action that runs twice sends its result twice under one identity, and two engines may
 * take the two: then the ledger rightly calls the result duplicated too, which nobody could foretell.
 */
const ENGINES = { oslo: 2, kombu: 1 }

const { rpcDrivers } = traitsOf(await mistralVersion(python()))

for (const rpc of rpcDrivers)
  describe(`the ledger, which is not told what was done to messages under ${rpc},`, () => {
    let home: Home
    let session: Session
    let seen: Witness

    before(async function boot() {
      this.timeout(BOOT_LIMIT_MS)
      console.log(`      CROSSWIND_TEST_SEED=${SEED}`)
      home = layHome()
      seen = witness()
      session = await openSession({
        name: `truth-${rpc}`,
        sizes: { api: 1, engine: ENGINES[rpc], executor: 2 },
        rpc,
        seed: SEED,
        python: python(),
        folder: join(home.cwd, rpc),
        run: `truth-${rpc}`,
        replay: `CROSSWIND_TEST_SEED=${SEED} npm test`,
        watch: seen,
        onStep: () => {},
      })
    })

    after(async () => {
      await session?.[Symbol.asyncDispose]()
      home[Symbol.dispose]()
    })

    for (let round = 1; round <= ROUNDS; round += 1) {
      const plan = planRound(SEED, rpc, round)

      it(`names exactly those: round ${round}, ${planText(plan)}`, async function play() {
        this.timeout(ROUND_LIMIT_MS)
        const random = seededRandom(SEED, rpc, round, 'play')
        const { truth, verdict } = await playRound(session, seen, {
          scenario: `truth/${round}`,
          plan,
          random,
        })
        const because = `${textOf(verdict)}\n`
        expect(named(verdict, 'lost'), because).to.deep.equal(truth.lost.toSorted())
        expect(named(verdict, 'duplicated'), because).to.deep.equal(truth.duplicated.toSorted())
        expect(verdict.counts.messages.unknown, because).to.equal(0)
        expect(verdict.outcome).to.equal('invalid')
      })
    }
  })
