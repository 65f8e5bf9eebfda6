import { expect } from 'chai'
import { readdir, readFile } from 'node:fs/promises'
import { isValueOf, kindOfValue } from '../lib/proxy/attributes.ts'
import { toxics } from './index.ts'

describe('the list of toxics', () => {
  it('has each file of this folder once, under its type', async () => {
    const files = await readdir(import.meta.dirname)
    const types = files.filter((file) => file.endsWith('.ts') && !/^index\.|\.test\.ts$/.test(file))
    expect(toxics.map(({ type }) => `${type}.ts`)).to.have.members(types)
    for (const toxic of toxics) {
      const file = (await import(`./${toxic.type}.ts`)) as { default: unknown }
      expect(file.default).to.equal(toxic)
    }
  })

  it('is the table of the README', async () => {
    const readme = await readFile(`${import.meta.dirname}/README.md`, 'utf8')
    const rows = readme.split('\n').filter((line) => /^\| [a-z_]+ \|/.test(line))
    expect(rows).to.deep.equal(
      toxics.map(({ type, attributes, about }) => {
        const units = Object.entries(attributes).map(([name, one]) => `${name} (${kindOfValue(one)})`)
        return `| ${type} |${units.length > 0 ? ` ${units.join(', ')}` : ''} | ${about} |`
      }),
    )
  })

  it('has defaults that its own bounds allow', () => {
    for (const { attributes } of toxics) {
      for (const attribute of Object.values(attributes)) {
        if (attribute.default !== undefined) expect(isValueOf(attribute, attribute.default)).to.equal(true)
        if (attribute.ours) expect(attribute.default).to.not.equal(undefined)
      }
    }
  })
})
