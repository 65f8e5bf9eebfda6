import { expect } from 'chai'
import { verdictOn } from './judging.helper.ts'
import { A1, expiredRows, upTo } from './messages/life.helper.ts'
import { passed, runAction } from './messages/wire.helper.ts'
import * as story from './story.helper.ts'

const { armedKill, rest, scenario } = story

const call = runAction(A1)
const killed = (at: number): story.Story => [
  [25, armedKill('executor-1')],
  [at, { kind: 'fault.begun', fault: 'f1' }],
]
const given = (node: string): story.Story => passed(30, call, ['engine-1', 2], [node, 1])

/** Whether it is allowed that an action's call was lost, which a node has acknowledged. */
function allowed(then: story.Story, struckBy: string[] = ['f1']): boolean[] {
  const asked = { expect: 'ERROR', struckBy } as const
  return verdictOn(scenario(...upTo(...then), ...rest(expiredRows, { asked }))).findings.lost.flatMap(
    (finding) => (finding.object === 'message' ? [finding.allowed] : []),
  )
}

describe('what a node had in hand when it was killed', () => {
  it('may be lost where its kill is allowed, and nowhere else', () => {
    const then = [...given('executor-1'), ...killed(50)]
    expect(allowed(then)).to.deep.equal([true])
    expect(allowed(then, [])).to.deep.equal([false])
  })

  it('is what it alone was given before that', () => {
    expect(allowed([...given('executor-2'), ...killed(50)])).to.deep.equal([false])
    expect(allowed([...killed(28), ...given('executor-1')])).to.deep.equal([false])
  })
})
