import { expect } from 'chai'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineToxic } from '../toxic.ts'
import { UsageError } from '../util/errors.ts'
import { problemOf } from './definition.ts'
import { loadToxic } from './load-toxic.ts'
import { rig, spec } from './rig.helper.ts'

const taken = defineToxic({ type: 'taken', about: 'For tests.', attributes: {}, open: () => ({}) })

const good = {
  type: 'mine',
  about: 'Mine.',
  attributes: {
    size: { unit: 'B', min: 0, max: 9, default: 3, about: 'of it' },
    mode: { choices: ['one', 'other'], default: 'one', ours: true, about: 'how' },
    word: { text: 'plain', about: 'which' },
    match: { text: 'pattern', default: '^x', about: 'what' },
  },
  closesWhenRemoved: true,
  open: () => ({}),
}
const { size, mode, word } = good.attributes

describe('the definition of a toxic', () => {
  it('is well-formed', () => {
    expect(problemOf(good, [taken])).to.equal(undefined)
    expect(problemOf({ ...good, attributes: {}, closesWhenRemoved: undefined }, [])).to.equal(undefined)
  })

  it('is told in words what is wrong with it', () => {
    const wrong: [change: object, problem: string][] = [
      [{ type: 'My-Toxic' }, 'type must be a word such as my_toxic, not "My-Toxic"'],
      [{ type: undefined }, 'type must be a word such as my_toxic, not undefined'],
      [{ type: 'taken' }, 'type "taken" is taken'],
      [{ about: ' ' }, 'about must be a sentence, not " "'],
      [{ attributes: undefined }, 'attributes must be an object, {} if there are none, not undefined'],
      [{ closesWhenRemoved: 'yes' }, 'closesWhenRemoved must be true, false or "always", not "yes"'],
      [{ open: {} }, 'open must be a function, not {}'],
      [{ closeWhenRemoved: true }, 'has no field closeWhenRemoved; nearest: closesWhenRemoved'],
      [{ attributes: { Size: size } }, 'attributes.Size: its name must be a word in lower case'],
      [{ attributes: { size: 3 } }, 'attributes.size: must be an object, not 3'],
      [{ attributes: { size: { about: 'of it' } } }, 'attributes.size: must have one of unit'],
      [{ attributes: { size: { ...size, ...mode } } }, 'attributes.size: must have one of unit'],
      [
        { attributes: { size: { ...size, minimum: 0 } } },
        'attributes.size: has no field minimum; nearest: min',
      ],
      [{ attributes: { size: { ...size, about: undefined } } }, 'attributes.size: about must be a sentence'],
      [{ attributes: { size: { ...size, unit: '' } } }, 'attributes.size: unit must be a text'],
      [{ attributes: { size: { ...size, min: 0.5 } } }, 'attributes.size: min must be a whole number'],
      [{ attributes: { size: { ...size, max: -1 } } }, 'attributes.size: max must be a whole number from 0'],
      [
        { attributes: { size: { ...size, default: 10 } } },
        'attributes.size: default must be a whole number of B',
      ],
      [{ attributes: { size: { ...size, ours: 1 } } }, 'attributes.size: ours must be true or false, not 1'],
      [
        { attributes: { word: { ...word, ours: true } } },
        'attributes.word: one that is ours must have a default',
      ],
      [{ attributes: { word: { ...word, text: 'long' } } }, 'attributes.word: text must be plain or pattern'],
      [
        { attributes: { mode: { ...mode, choices: [] } } },
        'attributes.mode: choices must be a list of words',
      ],
      [
        { attributes: { mode: { ...mode, default: 'two' } } },
        'attributes.mode: default must be one or other',
      ],
    ]
    for (const [change, problem] of wrong)
      expect(problemOf({ ...good, ...change }, [taken])).to.satisfy(
        (text: string | undefined) => text?.startsWith(problem),
        problem,
      )
    for (const none of [undefined, null, 3, [], 'toxic'])
      expect(problemOf(none, [])).to.match(/^must be an object, defineToxic/)
  })
})

const failure = async (path: string): Promise<string> => {
  const error: unknown = await loadToxic(path, [taken]).catch((thrown: unknown) => thrown)
  expect(error).to.be.instanceOf(UsageError)
  return (error as Error).message
}

describe('a toxic in a file', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crosswind-toxic-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function file(name: string, ...lines: string[]): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, lines.join('\n'))
    return path
  }

  it('is loaded, and acts', async () => {
    const contract = JSON.stringify(join(import.meta.dirname, '../toxic.ts'))
    const path = await file(
      'shout.ts',
      `import { defineToxic, type Chunk } from ${contract}`,
      'export default defineToxic({',
      "  type: 'shout', about: 'Says it twice.', attributes: {},",
      '  open: (lane) => ({ data(chunk: Chunk) { lane.send(chunk); lane.send(chunk) } }),',
      '})',
    )
    const shout = await loadToxic(path, [taken])
    using it = await rig([spec(shout)])
    const { client, server } = await it.connect()
    client.socket.write('hey')
    await server.receives('heyhey')
  })

  it('that cannot be loaded is told why and where', async () => {
    expect(await failure(join(folder, 'none.ts'))).to.match(/none\.ts: there is no such file$/)
    const throws = await file('throws.ts', '', "throw new Error('not today')")
    expect(await failure(throws)).to.match(/throws\.ts:2:7: not today$/)
    const syntax = await file('syntax.mjs', 'export default {')
    expect(await failure(syntax)).to.match(/^cannot load the toxic .*syntax\.mjs.*: Unexpected end/)
    const lost = await file('lost.ts', "import './nowhere.ts'")
    expect(await failure(lost)).to.match(/lost\.ts.*nowhere\.ts/s)
  })

  it('that is none is told what is wrong', async () => {
    const named = await file('named.ts', "export const type = 'mine'")
    expect(await failure(named)).to.match(/named\.ts has no default export: export default defineToxic/)
    const again = await file('again.ts', "export default { type: 'taken' }")
    expect(await failure(again)).to.match(/again\.ts: type "taken" is taken$/)
  })
})
