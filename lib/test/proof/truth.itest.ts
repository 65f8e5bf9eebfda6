import { seededRandom } from '../../util/random.ts'
import { clusterFor, ROUND_LIMIT_MS, ROUND_NUMBERS, rpcDrivers, SEED } from './rounds.helper.ts'
import { named, planRound, planText, playRound, textOf } from './truth.helper.ts'
import { witness } from './witness.helper.ts'
import { expect } from 'chai'

for (const rpc of rpcDrivers)
  describe(`the ledger, which is not told what was done to messages under ${rpc},`, () => {
    const seen = witness()
    const session = clusterFor('truth', rpc, { watch: seen })

    for (const round of ROUND_NUMBERS) {
      const plan = planRound(SEED, rpc, round)

      it(`names exactly those: round ${round}, ${planText(plan)}`, async function play() {
        this.timeout(ROUND_LIMIT_MS)
        const random = seededRandom(SEED, rpc, round, 'play')
        const { truth, verdict } = await playRound(session(), seen, {
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
