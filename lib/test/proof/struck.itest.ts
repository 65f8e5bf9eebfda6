import type { Verdict } from '../../ledger/verdict-document.ts'
import { clusterFor, ROUND_LIMIT_MS, ROUND_NUMBERS, rpcDrivers, SEED } from './rounds.helper.ts'
import { planStrikes, playStrikes, strikesText } from './struck.helper.ts'
import { named, textOf } from './truth.helper.ts'
import { expect } from 'chai'

for (const rpc of rpcDrivers)
  describe(`the ledger, which is not told of the toxics on messages under ${rpc},`, () => {
    const session = clusterFor('struck', rpc)

    for (const round of ROUND_NUMBERS) {
      const plan = planStrikes(SEED, rpc, round)

      it(`names exactly what they struck: round ${round}, ${strikesText(plan)}`, async function play() {
        this.timeout(ROUND_LIMIT_MS)
        const { truth, verdict, swapped, unnoticed } = await playStrikes(session(), `struck/${round}`, plan)
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
