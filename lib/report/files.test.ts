import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { broken, report } from './examples.helper.ts'
import { appendJobSummary, pruneRuns, writeReport } from './files.ts'
import { JOB_SUMMARY_LIMIT_BYTES } from './job-summary.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crosswind-report-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('writeReport', () => {
  it('writes the document and the JUnit file, and leaves nothing unfinished', async () => {
    const document = report({ promises: [broken()] })
    expect(await writeReport(join(folder, 'run'), document)).to.deep.equal([])
    expect((await readdir(join(folder, 'run'))).toSorted()).to.deep.equal(['junit.xml', 'report.json'])
    expect(JSON.parse(await readFile(join(folder, 'run/report.json'), 'utf8'))).to.deep.equal(document)
  })

  it('tells of an output that fails and writes the others', async () => {
    await mkdir(join(folder, 'junit.xml'))
    const notes = await writeReport(folder, report())
    expect(notes).to.have.length(1)
    expect(notes[0]).to.match(/^junit\.xml was not written: /)
    expect((await readdir(folder)).toSorted()).to.deep.equal(['junit.xml', 'report.json'])
  })
})

describe('appendJobSummary', () => {
  it('adds to what is there and keeps to the limit of the whole file', async () => {
    const path = join(folder, 'summary.md')
    await writeFile(path, 'x'.repeat(JOB_SUMMARY_LIMIT_BYTES - 3_000))
    const promises = Array.from({ length: 50 }, (_, index) => broken({ scenario: `s${index}` }))
    expect(await appendJobSummary(path, report({ promises }))).to.deep.equal([])
    const text = await readFile(path, 'utf8')
    expect(text).to.match(/^x+## /)
    expect(Buffer.byteLength(text)).to.be.lessThan(JOB_SUMMARY_LIMIT_BYTES)
    const [note] = await appendJobSummary(path, report({ promises, notes: ['n'.repeat(3_000)] }))
    expect(note).to.match(/no room left$/)
    expect(await readFile(path, 'utf8')).to.equal(text)
  })

  it('begins a file, and tells of one that cannot be written', async () => {
    expect(await appendJobSummary(join(folder, 'new.md'), report())).to.deep.equal([])
    expect(existsSync(join(folder, 'new.md'))).to.equal(true)
    const [note] = await appendJobSummary(join(folder, 'none/new.md'), report())
    expect(note).to.match(/^the job summary was not written: ENOENT/)
  })
})

const runOf = (day: number): string => `202601${String(day).padStart(2, '0')}-120000-abc${100 + day}`
const makeRun = async (run: string, file: string): Promise<void> => {
  await mkdir(join(folder, run, 'engine-1'), { recursive: true })
  await writeFile(join(folder, run, file), '')
}

describe('pruneRuns', () => {
  it('removes the oldest beyond those to keep', async () => {
    for (let day = 1; day <= 23; day += 1)
      await makeRun(runOf(day), day % 2 ? 'journal.ndjson' : 'report.json')
    const { removed, notes } = await pruneRuns(folder, [])
    expect(notes).to.deep.equal([])
    expect(removed.toSorted()).to.deep.equal([runOf(1), runOf(2), runOf(3)])
    expect((await readdir(folder)).toSorted()).to.deep.equal(
      Array.from({ length: 20 }, (_, index) => runOf(index + 4)),
    )
  })

  it('never removes what is in use, or is no run of ours', async () => {
    for (let day = 1; day <= 5; day += 1) await makeRun(runOf(day), 'report.json')
    const others = ['20250101-120000-other', 'mine', '20250101-120000-abcdef']
    for (const other of others) await makeRun(other, other.endsWith('abcdef') ? 'notes.txt' : 'report.json')
    await mkdir(join(folder, 'elsewhere'))
    await writeFile(join(folder, 'elsewhere/report.json'), '')
    await symlink(join(folder, 'elsewhere'), join(folder, '20250101-120000-linked'))
    await writeFile(join(folder, '20250101-120000-afile0'), '')
    const { removed } = await pruneRuns(folder, [runOf(1)], 2)
    expect(removed.toSorted()).to.deep.equal([runOf(2), runOf(3)])
    expect(await readdir(folder)).to.include.members([...others, runOf(1), runOf(4), runOf(5), 'elsewhere'])
    expect(existsSync(join(folder, 'elsewhere/report.json'))).to.equal(true)
  })

  it('tells of a folder that it cannot read', async () => {
    const { removed, notes } = await pruneRuns(join(folder, 'none'), [])
    expect(removed).to.deep.equal([])
    expect(notes[0]).to.match(/ENOENT/)
  })
})
