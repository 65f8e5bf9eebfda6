import { expect } from 'chai'
import { broken, HOSTILE, kept, report, unjudged, unknown } from './examples.helper.ts'
import { junit } from './junit.ts'

/** A tag, or the text between two tags; anything else in a document of ours is an error. */
const TOKEN = /<(\/?)([\w-]+)((?: [\w.-]+="[^"<]*")*)(\/?)>|([^<]+)/y
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

/**
 * The elements of an XML document, `parent/child`, in their order.
 * @throws Error where it is not well-formed XML 1.0, of the part of XML that a JUnit file needs.
 */
function elementsOf(xml: string): string[] {
  expect(xml.startsWith(DECLARATION)).to.equal(true)
  const body = xml.slice(DECLARATION.length)
  const bad = /(?![\t\n\r])\p{Cc}|[\uFFFE\uFFFF]|\p{Surrogate}|&(?!(?:amp|lt|gt|quot|#\d+);)|\]\]>/u.exec(
    body,
  )
  if (bad) throw new Error(`not allowed in XML at ${bad.index}: ${JSON.stringify(bad[0])}`)
  const open: string[] = []
  const seen: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < body.length) {
    const at = TOKEN.lastIndex
    const token = TOKEN.exec(body)
    if (!token) throw new Error(`no XML at ${at}: ${body.slice(at, at + 40)}`)
    const [, closing, name = '', attributes = '', empty, text] = token
    if (text !== undefined) {
      if (open.length === 0 && text.trim() !== '') throw new Error(`text outside of the root: ${text}`)
      continue
    }
    const names = [...attributes.matchAll(/ ([\w.-]+)=/g)].map(([, key]) => key)
    if (new Set(names).size < names.length) throw new Error(`an attribute twice: ${attributes}`)
    if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`)
      continue
    }
    seen.push([...open, name].slice(-2).join('/'))
    if (!empty) open.push(name)
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(', ')}`)
  return seen
}

const countOf = (xml: string, element: string): number =>
  elementsOf(xml).filter((one) => one === element).length

describe('junit', () => {
  it('makes a suite of each suite, and tells how each promise ended', () => {
    const promises = [
      kept(),
      broken(),
      unknown(),
      unjudged('harness', 'it broke'),
      unjudged('not applicable', 'needs 2 executors'),
      unjudged('skipped', 'it skipped itself'),
    ]
    const xml = junit(report({ promises }))
    expect(countOf(xml, 'testsuites/testsuite')).to.equal(4)
    expect(countOf(xml, 'testsuite/testcase')).to.equal(6)
    expect(countOf(xml, 'testcase/failure')).to.equal(1)
    expect(countOf(xml, 'testcase/error')).to.equal(2)
    expect(countOf(xml, 'testcase/skipped')).to.equal(2)
    expect(xml).to.include(
      '<testsuites name="crosswind" tests="6" failures="1" errors="2" skipped="2" time="145.800">',
    )
    expect(xml).to.include('<failure type="stuck" message="1 execution is stuck">')
    expect(xml).to.include('<skipped message="needs 2 executors"/>')
    expect(xml).to.include('<skipped message="it skipped itself"/>')
  })

  it('has the seed and the versions, and the reasons with the command', () => {
    const xml = junit(report({ promises: [broken()] }))
    expect(xml).to.include('<property name="seed" value="plum-42"/>')
    expect(xml).to.include('<property name="version.mistral" value="15.0.0"/>')
    expect(countOf(xml, 'testcase/system-out')).to.equal(1)
    expect(xml).to.include('replay: npm start -- postgres-reset')
  })

  it('shows an error of the harness that belongs to no promise', () => {
    const xml = junit(report({ promises: [], harnessErrors: ['rabbitmq did not start\nlog'] }))
    expect(countOf(xml, 'testcase/error')).to.equal(1)
    expect(xml).to.include('message="rabbitmq did not start"')
  })

  it('is well-formed whatever the texts are', () => {
    const hostile = {
      suite: HOSTILE,
      story: HOSTILE,
      promise: HOSTILE,
      notes: [HOSTILE],
      logLines: [{ node: HOSTILE, lines: [HOSTILE] }],
    }
    const promises = [
      kept(hostile),
      broken({ ...hostile, error: HOSTILE }),
      { ...unjudged('harness', HOSTILE), ...hostile },
      unjudged('not applicable', HOSTILE),
    ]
    const xml = junit(report({ promises, seed: HOSTILE, harnessErrors: [HOSTILE] }))
    expect(countOf(xml, 'testsuite/testcase')).to.equal(5)
    expect(xml).not.to.include('<script')
  })
})

describe('the check of well-formedness', () => {
  for (const body of [
    '<a>',
    '<a></b>',
    '<a b="1" b="2"/>',
    '<a>&</a>',
    '<a>]]></a>',
    '<a>\0</a>',
    '<a b="<"/>',
    'x<a/>',
  ]) {
    it(`refuses ${JSON.stringify(body)}`, () => {
      expect(() => elementsOf(DECLARATION + body)).to.throw()
    })
  }
})
