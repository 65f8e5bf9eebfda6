import { expect } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PAGES = ['README.md', 'suites/README.md', 'toxics/README.md', 'lib/README.md']

/** A block of a page that says which file it was cut from. */
interface Example {
  page: string
  file: string
  code: string
}

function examplesOf(page: string): Example[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const blocks = text.matchAll(/<!-- from (\S+) -->\n```\w*\n([\s\S]*?)```/g)
  return [...blocks].map(([, file = '', code = '']) => ({ page, file, code }))
}

describe('The pages', () => {
  const examples = PAGES.flatMap(examplesOf)

  it('have examples that are cut from real files', () => {
    expect(examples.map(({ page }) => page)).to.include.members(['suites/README.md', 'toxics/README.md'])
  })

  for (const { page, file, code } of examples)
    it(`${page}: the example is in ${file}, letter by letter`, () => {
      const real = readFileSync(join(ROOT, dirname(page), file), 'utf8')
      expect(code.trim()).to.not.equal('')
      expect(real).to.include(code)
    })

  for (const page of PAGES)
    it(`${page}: names only files that are there`, () => {
      const text = readFileSync(join(ROOT, page), 'utf8')
      const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link)
      const named =
        page === 'lib/README.md' ? [...text.matchAll(/`([\w./-]+\.ts)`/g)].map(([, name = '']) => name) : []
      const missing = [...links, ...named].filter((name) => !existsSync(join(ROOT, dirname(page), name)))
      expect(missing).to.deep.equal([])
    })
})
