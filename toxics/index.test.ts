import { expect } from 'chai'
import { readdir, readFile } from 'node:fs/promises'
import { isValueOf, kindOfValue } from '../lib/proxy/attributes.ts'
import { COMMON_ATTRIBUTES } from '../lib/toxic/common.ts'
import type { Attribute } from '../lib/toxic.ts'
import { toxics } from './index.ts'

const kinds = (attributes: [string, Attribute][]): string =>
  attributes.map(([name, one]) => `${name} (${kindOfValue(one)})`).join(', ')

const readme = async (): Promise<string[]> =>
  (await readFile(`${import.meta.dirname}/README.md`, 'utf8')).split('\n')

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
    const rows = (await readme()).filter((line) => /^\| [a-z_]+ \|/.test(line))
    expect(rows).to.deep.equal(
      toxics.map(({ type, attributes, about, strikes }) => {
        const common = new Set(strikes ? Object.keys(COMMON_ATTRIBUTES[strikes.protocol]) : [])
        const own = Object.entries(attributes).filter(([name]) => !common.has(name))
        return `| ${type} |${own.length > 0 ? ` ${kinds(own)}` : ''} | ${about} |`
      }),
    )
  })

  it('has in the README what toxics on messages have in common', async () => {
    const lines = await readme()
    for (const [name, attribute] of Object.values(COMMON_ATTRIBUTES).flatMap(Object.entries<Attribute>))
      expect(lines).to.include(`- \`${name}\` (${kindOfValue(attribute)}): ${attribute.about}`)
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
