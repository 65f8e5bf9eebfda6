import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { defineToxic } from '../toxic.ts'
import { seededRandom } from '../util/random.ts'
import { Lane } from './lane.ts'
import { spec } from './rig.helper.ts'
import { StrikeCount } from './strikes.ts'

const resetter = defineToxic({
  type: 'resetter',
  about: 'For tests.',
  attributes: {},
  open: (lane) => ({ data: () => lane.reset() }),
})

/** What happens to a chunk, in order. */
async function storyOf(toxics: (typeof resetter)[]): Promise<string[]> {
  const story: string[] = []
  const [source, destination] = [new PassThrough(), new PassThrough()]
  destination.write = () => {
    story.push('written')
    return true
  }
  const lane = new Lane('upstream', source as unknown as Socket, destination as unknown as Socket, {
    budget: { held: 0 },
    randomOf: () => seededRandom('seed'),
    toPair: () => {},
    acted: () => {},
    tap: () => ({ arrived: (bytes) => void story.push(`${bytes.toString()} seen`), altered: () => {} }),
    front: undefined,
    cannotStrike: () => undefined,
    cut: () => void story.push('cut'),
    failed: (_, error) => {
      throw error
    },
  })
  for (const toxic of toxics) lane.chain.add({ ...spec(toxic), strikes: new StrikeCount() })
  lane.open()
  source.end('it')
  await new Promise((resolve) => source.once('end', resolve))
  return story
}

describe('a lane', () => {
  it('hands on before it is read', async () => {
    expect(await storyOf([])).to.deep.equal(['written', 'it seen'])
  })

  it('is read before a toxic acts', async () => {
    expect(await storyOf([resetter])).to.deep.equal(['it seen', 'cut'])
  })
})
