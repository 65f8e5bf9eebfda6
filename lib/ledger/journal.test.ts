import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect } from 'chai'
import { HarnessError } from '../util/errors.ts'
import type { Entry, Fact } from './entries.ts'
import { openJournal, readJournal, type Journal } from './journal.ts'

const failed = (text: string): Fact => ({ kind: 'harness.failed', text })

describe('the journal', () => {
  let folder: string
  let file: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'))
    file = join(folder, 'journal.ndjson')
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function written(...texts: string[]): Promise<Journal> {
    const journal = openJournal(file)
    for (const text of texts) journal.append(failed(text))
    await journal.close()
    return journal
  }

  it('is read back as it is in memory', async () => {
    const journal = await written('one', 'zwei „“', 'three\nlines\u2028')
    expect(await readJournal(file)).to.deep.equal({ entries: journal.entries() })
    expect(journal.entries().map(({ ordinal }) => ordinal)).to.deep.equal([1, 2, 3])
    expect(journal.error).to.equal(undefined)
  })

  it('counts time from its beginning and never backwards', async () => {
    const clock = [1_000, 1_000.1234, 1_500, 1_400]
    const journal = openJournal(file, { now: () => clock.shift() ?? 0 })
    const times = ['a', 'b', 'c'].map((text) => journal.append(failed(text)).at)
    await journal.close()
    expect(times).to.deep.equal([0.123, 500, 500])
  })

  it('keeps what a fact said when it was appended', async () => {
    const journal = openJournal(file)
    const fact = { kind: 'harness.failed' as const, text: 'before' }
    const entry = journal.append(fact)
    fact.text = 'after'
    await journal.close()
    expect(entry).to.include({ text: 'before' })
    expect((await readJournal(file)).entries).to.deep.equal([entry])
  })

  it('chains the checksums as documented', async () => {
    await written('one', 'one')
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    let previous = ''
    for (const line of lines) {
      const { checksum, ...body } = JSON.parse(line) as Entry
      expect(Number.parseInt(checksum, 16)).to.equal(crc32(previous + JSON.stringify(body)))
      previous = checksum
    }
    expect(lines).to.have.length(2)
  })

  const damages: [string, (lines: string[]) => string, string, number][] = [
    ['a changed letter', (lines) => `${lines.join('\n').replace('two', 'tWo')}\n`, 'line 2: checksum is', 1],
    ['a missing line', ([a, , c]) => `${a}\n${c}\n`, 'line 2: checksum is', 1],
    ['a line twice', ([a, b, c]) => `${a}\n${a}\n${b}\n${c}\n`, 'line 2: checksum is', 1],
    ['two lines swapped', ([a, b, c]) => `${b}\n${a}\n${c}\n`, 'line 1: checksum is', 0],
    [
      'a torn last line',
      (lines) => lines.join('\n').slice(0, -20),
      'line 3: torn, the writer was interrupted',
      2,
    ],
    ['what is no entry', (lines) => `${lines.join('\n')}\n{}\n`, 'line 4: not an entry with a checksum', 3],
  ]
  for (const [what, damage, text, kept] of damages) {
    it(`tells ${what}, and returns the entries before it`, async () => {
      const journal = await written('one', 'two', 'three')
      const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
      await writeFile(file, damage(lines))
      const { entries, broken } = await readJournal(file)
      expect(broken).to.match(new RegExp(`^${text}`))
      expect(entries).to.deep.equal(journal.entries().slice(0, kept))
    })
  }

  it('is empty before anything was appended', async () => {
    await written()
    expect(await readJournal(file)).to.deep.equal({ entries: [] })
  })

  it('keeps a full disk as its error, goes on in memory and never throws', async () => {
    const seen: HarnessError[] = []
    const journal = openJournal('/dev/full', { onError: (error) => seen.push(error) })
    journal.append(failed('one'))
    await journal.close()
    expect(journal.error).to.be.instanceOf(HarnessError)
    expect(journal.error?.message).to.match(/^the journal \/dev\/full cannot be written: ENOSPC/)
    expect(journal.append(failed('two')).ordinal).to.equal(2)
    expect(seen).to.deep.equal([journal.error])
  })

  it('keeps a folder that is not there as its error', async () => {
    const journal = openJournal(join(folder, 'gone', 'journal.ndjson'))
    await journal.close()
    expect(journal.error?.message).to.match(/ENOENT/)
  })

  it('keeps what comes after its end as its error', async () => {
    const journal = await written('one')
    journal.append(failed('two'))
    expect(journal.error?.message).to.match(/harness.failed was appended after the journal's end/)
  })

  it('says which file cannot be read', async () => {
    const error = await readJournal(file).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(HarnessError)
    expect(String(error)).to.include(file)
  })
})
