import type { PromiseResult, ReportDocument } from './document.ts'
import { replayCommand } from './document.ts'
import { explain } from './explain.ts'
import { hasFailed, isLeftOut, whyLeftOut } from './results.ts'
import { plain } from './text.ts'

/**
 * The report as JUnit XML: a testsuite for each suite; `failure` for a broken promise, `error` for unknown and for
 * the harness, `skipped` for what was left out.
 */
export function junit(document: ReportDocument): string {
  const { promises, harnessErrors } = document
  const suites = [...Map.groupBy(promises, ({ suite }) => suite)].map(([suite, own]) => ({
    name: suite,
    cases: own.map((promise) => caseOf(promise, document)),
  }))
  // What belongs to no promise stands in a suite of its own, so that no reader takes the run for a green one.
  const harness = harnessErrors.map((error, index): TestCase => ({
    kind: 'error',
    ms: 0,
    xml: element('testcase', { classname: 'harness', name: `harness error ${index + 1}`, time: seconds(0) }, [
      element('error', { type: 'harness', message: firstLine(error) }, [escape(error)]),
    ]),
  }))
  if (harness.length > 0) suites.push({ name: 'harness', cases: harness })
  const all = suites.flatMap(({ cases }) => cases)
  const children = suites.map(({ name, cases }) =>
    element('testsuite', { name, ...counts(cases), timestamp: document.started }, [
      properties(document),
      ...cases.map(({ xml }) => xml),
    ]),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', { name: 'crosswind', ...counts(all) }, children)}\n`
}

interface TestCase {
  kind: 'passed' | 'failure' | 'error' | 'skipped'
  ms: number
  xml: string
}

function caseOf(promise: PromiseResult, document: ReportDocument): TestCase {
  const { status, suite, story, repeat, durationMs } = promise
  const kind = kindOf(promise)
  const name = repeat > 1 ? `${promise.promise} @${repeat}` : promise.promise
  const why = explain(promise)
  const replay = hasFailed(promise) ? [`replay: ${replayCommand(document, promise)}`] : []
  const text = escape([...why, ...replay].join('\n'))
  const type = status === 'broken' ? (promise.verdict?.reasons[0]?.word ?? 'assertion') : status
  const message = firstLine(promise.verdict?.reasons[0]?.text ?? promise.error ?? why[0] ?? status)
  const outcome = {
    passed: [],
    skipped: [element('skipped', { message: whyLeftOut(promise) }, [])],
    failure: [element('failure', { type, message }, [text])],
    error: [element('error', { type, message }, [text])],
  }[kind]
  const output = text === '' ? [] : [element('system-out', {}, [text])]
  const attributes = { classname: `${suite}.${story}`, name, time: seconds(durationMs) }
  return { kind, ms: durationMs, xml: element('testcase', attributes, [...outcome, ...output]) }
}

function kindOf(promise: PromiseResult): TestCase['kind'] {
  const { status } = promise
  if (status === 'kept') return 'passed'
  if (isLeftOut(promise)) return 'skipped'
  return status === 'broken' ? 'failure' : 'error'
}

function counts(cases: readonly TestCase[]): Record<string, string> {
  const of = (kind: TestCase['kind']): string => `${cases.filter((one) => one.kind === kind).length}`
  return {
    tests: `${cases.length}`,
    failures: of('failure'),
    errors: of('error'),
    skipped: of('skipped'),
    time: seconds(cases.reduce((sum, { ms }) => sum + ms, 0)),
  }
}

function properties({ seed, command, rpc, sizes, versions }: ReportDocument): string {
  const facts = {
    seed,
    command,
    rpc,
    ...Object.fromEntries(Object.entries(sizes).map(([kind, count]) => [`size.${kind}`, `${count}`])),
    ...Object.fromEntries(Object.entries(versions).map(([what, version]) => [`version.${what}`, version])),
  }
  const children = Object.entries(facts).map(([name, value]) => element('property', { name, value }, []))
  return element('properties', {}, children)
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3)
const firstLine = (text: string): string => plain(text).split('\n', 1)[0] ?? ''

/** Children are XML already. */
function element(name: string, attributes: Record<string, string>, children: readonly string[]): string {
  const told = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escape(value).replaceAll('\n', '&#10;')}"`,
  )
  const open = `<${name}${told.join('')}`
  if (children.length === 0) return `${open}/>`
  const nested = children.every((child) => child.startsWith('<'))
  return nested ? `${open}>\n${children.join('\n')}\n</${name}>` : `${open}>${children.join('')}</${name}>`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/**
 * Text as XML 1.0 may have it, between tags or in an attribute. Characters that XML cannot have at all (most
 * control characters, lone surrogates, U+FFFE and U+FFFF) become U+FFFD; `]]>` goes with its `>`.
 */
const escape = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\uFFFE\uFFFF]/gu, '\uFFFD')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replaceAll(/[\t\n\r]/g, (character) => (character === '\n' ? '\n' : `&#${character.charCodeAt(0)};`))
