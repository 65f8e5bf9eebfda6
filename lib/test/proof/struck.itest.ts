import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Verdict } from '../../ledger/verdict-document.ts'
import { mistralVersion, traitsOf } from '../../mistral/versions.ts'
import { openSession, type Session } from '../../scenario/session.ts'
import { layHome, type Home } from '../gate.helper.ts'
import { python } from './control.helper.ts'
import { planStrikes, playStrikes, strikesText } from './struck.helper.ts'
import { named, textOf } from './truth.helper.ts'

/** The nightly run asks for more. */
const ROUNDS = Number(process.env['CROSSWIND_TRUTH_ROUNDS'] ?? 5)
const SEED = process.env['CROSSWIND_TEST_SEED'] ?? randomBytes(4).toString('hex')
const BOOT_LIMIT_MS = 100_000
const ROUND_LIMIT_MS = 120_000

/** As in the other test of the truth: under kombu two engines may take one result each of an action that ran twice. */
const ENGINES = { oslo: 2, kombu: 1 }

const { rpcDrivers } = traitsOf(await mistralVersion(python()))

for (const rpc of rpcDrivers)
  describe(`the ledger, which is not told of the toxics on messages under ${rpc},`, () => {
    let home: Home
    let session: Session

    before(async function boot() {
      this.timeout(BOOT_LIMIT_MS)
      console.log(`      CROSSWIND_TEST_SEED=${SEED}`)
      home = layHome()
      session = await openSession({
        name: `struck-${rpc}`,
        sizes: { api: 1, engine: ENGINES[rpc], executor: 2 },
        rpc,
        seed: SEED,
        python: python(),
        folder: join(home.cwd, rpc),
        run: `struck-${rpc}`,
        replay: `CROSSWIND_TEST_SEED=${SEED} npm test`,
        onStep: () => {},
      })
    })

    after(async () => {
      await session?.[Symbol.asyncDispose]()
      home[Symbol.dispose]()
    })

    for (let round = 1; round <= ROUNDS; round += 1) {
      const plan = planStrikes(SEED, rpc, round)

      it(`names exactly what they struck: round ${round}, ${strikesText(plan)}`, async function play() {
        this.timeout(ROUND_LIMIT_MS)
        const { truth, verdict, swapped, unnoticed } = await playStrikes(session, `struck/${round}`, plan)
        const because = `${textOf(verdict)}\n${doubtsOf(verdict)}\n`
        expect(named(verdict, 'lost'), because).to.deep.equal(truth.lost)
        expect(named(verdict, 'duplicated'), because).to.deep.equal(truth.duplicated)
        expect(swapped).to.deep.equal(truth.swapped)
        expect(verdict.counts.messages.unknown, because).to.equal(0)
        expect(doubtsOf(verdict), because).to.equal('')
        expect(unnoticed).to.deep.equal([])
      })
    }
  })

/** What contradicts itself. */
const doubtsOf = ({ reasons }: Verdict): string =>
  reasons.flatMap(({ word, text }) => (word === 'evidence' ? [text] : [])).join('\n')
