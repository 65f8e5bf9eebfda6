import { scenario } from '../../scenario/index.ts'

describe('Nine executors are needed', () => {
  scenario({ executor: 9 })

  it('is never run on fewer', () => {
    throw new Error('it was run')
  })
})
