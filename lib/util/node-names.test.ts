import { expect } from 'chai'
import { isNode } from './node-names.ts'

describe('a name of a process', () => {
  it('is a node only with a number', () => {
    const names = ['api-1', 'engine-2', 'executor-10', 'rabbitmq', 'postgres', 'epmd']
    expect(names.filter(isNode)).to.deep.equal(['api-1', 'engine-2', 'executor-10'])
  })
})
