import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { definitions, methodIds } from './amqplib.helper.ts'
import { GENERATED, generated } from './generate.helper.ts'
import { METHOD_BY_ID, METHOD_BY_NAME } from './specification.ts'

/** What a formatter may change: white space and trailing commas. */
const unformatted = (text: string): string => text.replaceAll(/\s+/g, '').replaceAll(/,(?=[}\]])/g, '')

describe("AMQP's methods", () => {
  it('are what generate.helper.ts writes', () => {
    expect(unformatted(readFileSync(GENERATED, 'utf8'))).to.equal(unformatted(generated()))
  })

  it('are all there, by their ids and names', () => {
    expect(METHOD_BY_ID.size).to.equal(methodIds().length).and.to.be.above(60)
    for (const id of methodIds()) {
      const { args } = definitions.info(id)
      expect(METHOD_BY_ID.get(id)?.args).to.deep.equal(args.map(({ name, type }) => [name, type]))
    }
  })

  it("have the specification's names, RabbitMQ's extensions too", () => {
    const names = [
      ['basic.recover-async', 60, 100],
      ['basic.get-empty', 60, 72],
      ['basic.nack', 60, 120],
      ['confirm.select-ok', 85, 11],
      ['connection.blocked', 10, 60],
      ['connection.unblocked', 10, 61],
      ['connection.update-secret-ok', 10, 71],
      ['exchange.bind', 40, 30],
      ['exchange.unbind-ok', 40, 51],
      ['tx.rollback', 90, 30],
    ] as const
    for (const [name, classId, methodId] of names)
      expect(METHOD_BY_NAME.get(name)?.id).to.equal(classId * 65536 + methodId)
  })

  it('carry a content where the specification says so', () => {
    const carrying = [...METHOD_BY_NAME.values()].filter(({ hasContent }) => hasContent)
    const names = carrying.map(({ name }) => name).toSorted()
    expect(names).to.deep.equal(['basic.deliver', 'basic.get-ok', 'basic.publish', 'basic.return'])
  })
})
