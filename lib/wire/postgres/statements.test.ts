import { expect } from 'chai'
import * as fc from 'fast-check'
import { bound, statementsOf, type Statement } from './statements.ts'
import { Tokens } from './tokens.ts'

const A = '8d7dae29-cf39-401f-b8a3-9c239ae4c491'
const B = '1c397830-c318-4596-9616-bf5bf5dcfba0'
const NAMES = new Map([
  [A, 'A'],
  [B, 'B'],
])

const inWords = ({ touches }: Statement): string[] =>
  touches.map(({ verb, table, columns, ids }) => {
    const named = ids.map(({ column, id }) => `${column}=${NAMES.get(id) ?? id}`)
    return [verb, table, columns.length > 0 ? `(${columns.join()})` : '', ...named].filter(Boolean).join(' ')
  })

/** What the one statement of a text touches: verb, table, (columns), column=id. */
function touches(sql: string): string[] {
  const statements = statementsOf(sql, 10)
  expect(statements).to.have.length(1)
  return inWords(statements[0]!)
}

describe('The statements of a query', () => {
  it('say what Mistral writes, and of which row', () => {
    const insert = `INSERT INTO action_executions_v2 (created_at, id, name, workflow_id, state, input, last_heartbeat,
      task_execution_id) VALUES ('2026-11-24T05:25:18'::timestamp, '${A}', 'std.http', NULL, 'RUNNING',
      '{"url": "http://127.0.0.1:44859/effects/${B}/${B}/t1/0/${B}", "method": "POST", "timeout": 120}',
      '2026-11-24T05:25:24'::timestamp, '${B}')`
    expect(touches(insert)).to.deep.equal(['INSERT action_executions_v2 id=A task_execution_id=B'])

    const update = `UPDATE task_executions_v2 SET updated_at='2026-11-24'::timestamp, state='SUCCESS'
      WHERE task_executions_v2.state = 'RUNNING' AND task_executions_v2.id = '${A}' RETURNING task_executions_v2.id`
    expect(touches(update)).to.deep.equal(['UPDATE task_executions_v2 (updated_at,state) id=A'])

    const job = `INSERT INTO scheduled_jobs_v2 (id, func_args, key) VALUES
      ('${A}', '{"task_ex_id": "${B}"}', 'th_r_t_s-${B}')`
    expect(touches(job)).to.deep.equal(['INSERT scheduled_jobs_v2 id=A func_args=B key=B'])

    expect(touches(`DELETE FROM named_locks WHERE named_locks.id = '${A}'`)).to.deep.equal([
      'DELETE named_locks id=A',
    ])
    expect(touches(`SELECT t.id AS t_id FROM t WHERE t.id = '${A}' LIMIT 1`)).to.deep.equal([])
  })

  it('say what SQLAlchemy 2 inserts of several rows at once', () => {
    const sql = `INSERT INTO t (id, parent) SELECT p0::VARCHAR, p1::VARCHAR FROM (VALUES ('${A}', '${B}', 0),
      ('${B}', NULL, 1)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING t.id`
    expect(touches(sql)).to.deep.equal(['INSERT t id=A parent=B id=B'])
  })

  it('say what is locked', () => {
    const read = `SELECT a.id FROM s.a JOIN "B c" AS b ON b.id = a.id WHERE b.id IN ('${A}', '${B}')`
    expect(touches(read)).to.deep.equal([])
    const locked = ['SELECT FOR UPDATE a', 'SELECT FOR UPDATE B c id=A id=B']
    expect(touches(`${read} FOR UPDATE SKIP LOCKED`)).to.deep.equal(locked)
    expect(touches(`${read} FOR NO KEY UPDATE`)).to.deep.equal(locked)
    expect(touches(`SELECT extract(epoch FROM x) FROM f(1), t FOR KEY SHARE`)).to.deep.equal([])
    const odd = 'SELECT (SELECT 1), extract(epoch FROM x), a IS DISTINCT FROM b FROM t FOR KEY SHARE'
    expect(touches(odd)).to.deep.equal(['SELECT FOR SHARE t'])
  })

  for (const [sql = '', ...expected] of [
    ['INSERT INTO public.t AS x DEFAULT VALUES RETURNING (x)', 'INSERT t'],
    [
      `INSERT INTO t (id) VALUES (lower('${A}')) ON CONFLICT (id) DO UPDATE SET "N"=1, m=x WHERE t.id='${B}'`,
      'INSERT t (N,m) id=A id=B',
    ],
    [
      `WITH d AS (DELETE FROM q WHERE id = '${A}' RETURNING *) INSERT INTO l SELECT * FROM d`,
      'DELETE q id=A',
      'INSERT l',
    ],
    [`UPDATE ONLY t SET (a, b) = (1, 2), c = (SELECT d FROM u WHERE v = '${A}') FROM w`, 'UPDATE t (c) v=A'],
    [`UPDATE t SET a = CASE WHEN b = 'x' THEN 1 END WHERE '${A}' = t.id`, 'UPDATE t (a) =A'],
    [`MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = 1`, 'MERGE t (v)'],
    ['DELETE FROM ONLY "a""b" USING c', 'DELETE a"b'],
    [`DELETE FROM t WHERE key = 'k-${A}' OR key = '1${A}'`, 'DELETE t key=A'],
    [
      `INSERT INTO t (id) SELECT * FROM (VALUES ('${A}')) AS v(x) WHERE ((v.x = '${B}'))`,
      'INSERT t id=A x=B',
    ],
    [`INSERT INTO t (values, set, id) VALUES (1, 2, '${A}')`, 'INSERT t id=A'],
    [`INSERT INTO t (SELECT * FROM u WHERE id = '${A}')`, 'INSERT t id=A'],
    ['UPDATE temp SET a = 1', 'UPDATE temp (a)'],
    ['SELECT 1 INTO TEMP TABLE t', 'CREATE t'],
    ['TRUNCATE TABLE t', 'TRUNCATE t'],
    ['TRUNCATE t CASCADE', 'TRUNCATE t'],
    ['CREATE TEMP TABLE IF NOT EXISTS t (id int)', 'CREATE t'],
    ['ALTER TABLE IF EXISTS ONLY s.t ADD c int', 'ALTER t'],
    ["CREATE ROLE r PASSWORD 'x'", 'CREATE'],
    ['CREATE FUNCTION f() RETURNS int AS $$ DELETE FROM t; $$ LANGUAGE sql', 'CREATE'],
    ['SELECT * INTO t FROM u', 'CREATE t'],
    ['COPY t (a, b) FROM STDIN', 'COPY t'],
    ['COPY t TO STDOUT'],
    ['COPY (SELECT 1) TO STDOUT'],
    ['CALL p()', 'CALL'],
    ['EXPLAIN DELETE FROM t'],
    ['SELECT \'DELETE FROM t\' AS "UPDATE t" /* INSERT INTO t */ -- UPDATE t\n'],
    ["SELECT E'\\'; DELETE FROM t', U&'\\0041', $x$; DELETE $x$, $1, 1e5, 'it''s'"],
    ['SET default_transaction_isolation TO DEFAULT'],
    ['SELECT /* a /* b */ ; DELETE FROM t */ 1'],
  ]) {
    it(`say what can be seen of ${sql.replaceAll(A, 'A').replaceAll(B, 'B').trim()}`, () => {
      expect(touches(sql)).to.deep.equal(expected)
    })
  }

  it('are told apart, and say what they do to the transaction', () => {
    const sql = `; BEGIN ISOLATION LEVEL SERIALIZABLE; START TRANSACTION;; SAVEPOINT a; ROLLBACK TO a;
      ROLLBACK WORK TO SAVEPOINT a; RELEASE a; COMMIT AND CHAIN; END; ABORT; ROLLBACK; PREPARE TRANSACTION 'x';
      COMMIT PREPARED 'x'; PREPARE p AS DELETE FROM t; CREATE RULE r AS ON UPDATE TO t DO (DELETE FROM u; DELETE FROM v)`
    expect(statementsOf(sql, 100).map(({ control }) => control)).to.deep.equal([
      ...(['begin', 'begin', 'savepoint', 'savepoint', 'savepoint', 'savepoint'] as const),
      ...(['commit', 'commit', 'rollback', 'rollback', 'prepare', undefined, undefined, undefined] as const),
    ])
    expect(statementsOf(sql, 3)).to.have.length(3)
    expect(statementsOf(' -- nothing\n;;', 3)).to.deep.equal([])
  })

  it('take the ids among their parameters, and stay as they are', () => {
    const [statement] = statementsOf('UPDATE t SET a=$2 WHERE id = $1 AND b = $3', 1)
    const values = [A, B, 'no id'].map((text) => Buffer.from(text))
    expect(inWords(bound(statement!, values))).to.deep.equal(['UPDATE t (a) a=B id=A'])
    expect(inWords(bound(statement!, [null]))).to.deep.equal(['UPDATE t (a)'])
    expect(inWords(statement!)).to.deep.equal(['UPDATE t (a)'])
    expect(statementsOf('SELECT 1 FROM t WHERE id = $1', 1)[0]!.parameters.size).to.equal(0)
  })

  it('keep a hundred ids, and count the others', () => {
    const ids = Array.from({ length: 150 }, () => `'${A}'`).join()
    const [statement] = statementsOf(`DELETE FROM t WHERE id IN (${ids}) AND a = $1`, 1)
    expect(statement!.touches[0]!.ids).to.have.length(100)
    expect(statement!.omittedIds).to.equal(50)
    expect(bound(statement!, [Buffer.from(B)])).to.deep.include({ omittedIds: 51 })
  })

  it('are read in time that grows with the text alone', () => {
    for (const piece of ["'", '"', '$a', '$a$', '/*', '(', ';', 'a.', "E'\\", `'${A}',`, 'FROM a ', '\\']) {
      const text = `INSERT INTO t SELECT ${piece.repeat(2 ** 20 / piece.length)}`
      const begun = performance.now()
      statementsOf(text, 257)
      expect(performance.now() - begun, piece).to.be.below(2000)
    }
  })
})

describe('The tokens of SQL', () => {
  const sql = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "'",
          "''",
          "E'",
          "\\'",
          '"',
          'U&"',
          '$$',
          '$a$',
          '$1',
          '--',
          '\n',
          '/*',
          '*/',
          '(',
          ')',
          ';',
        ),
        fc.constantFrom(
          ' ',
          'SELECT ',
          'insert into ',
          'FROM ',
          ',',
          '=',
          '.',
          'x',
          'é',
          '::',
          '-',
          '/',
          '*',
          A,
        ),
        fc.string({ maxLength: 3 }),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join(''))

  it('follow each other to the end of any text, and none is empty', () => {
    fc.assert(
      fc.property(sql, (text) => {
        const tokens = new Tokens(text)
        let end = 0
        while (tokens.next()) {
          expect(tokens.start).to.be.at.least(end)
          expect(tokens.end).to.be.above(tokens.start).and.at.most(text.length)
          end = tokens.end
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('make statements of any text', () => {
    fc.assert(
      fc.property(sql, fc.nat(3), (text, limit) => {
        expect(statementsOf(text, limit).length).to.be.at.most(limit)
      }),
      { numRuns: 1000 },
    )
  })
})
