import { expect } from 'chai'
import { effectTemplate, readEffectUrl } from './effect-url.ts'

const address = { execution: 'e-1', root: 'r-1', task: 's1_t1', attempt: 'a-1' }

/** What Mistral makes of a template, for the expressions that it contains. */
const evaluate = (template: string): string =>
  template
    .replace('<% $.effects %>', 'http://127.0.0.1:8080/effects')
    .replace("<% $.get('__execution').id %>", address.execution)
    .replace('<% $.root %>', address.root)
    .replace('<% $.i %>', '7')
    .replace('<% uuid() %>', address.attempt)

describe('the URL of an effect', () => {
  it('is read back as it was written, with and without items', () => {
    expect(readEffectUrl(evaluate(effectTemplate('s1_t1', false)))).to.deep.equal({ ...address, item: 0 })
    expect(readEffectUrl(evaluate(effectTemplate('s1_t1', true)))).to.deep.equal({ ...address, item: 7 })
  })

  it('is read from a path alone', () => {
    expect(readEffectUrl('/effects/e-1/r-1/s1_t1/3/a-1')).to.deep.equal({ ...address, item: 3 })
  })

  for (const other of [
    '/',
    '/effects',
    '/effects/e/r/t/0',
    '/effects/e/r/t/x/a',
    '/effects/e/r/t/0/a/b',
    '/effects/e//t/0/a',
    'http://',
  ]) {
    it(`is not ${other}`, () => {
      expect(readEffectUrl(other)).to.equal(undefined)
    })
  }
})
