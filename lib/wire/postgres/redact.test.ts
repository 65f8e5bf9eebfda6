import { expect } from 'chai'
import * as fc from 'fast-check'
import { redactError, redactSql } from './redact.ts'

/** No part of it is in any of the texts around it. */
const secret = fc.stringMatching(/^[QZ%\\'"$ ]{3,12}QZ$/)
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const escaped = (text: string): string => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

describe('SQL for people to read', () => {
  for (const [sql, expected = sql] of [
    [
      "ALTER ROLE r WITH PASSWORD 'it''s' VALID UNTIL 'now'; SELECT 'y'",
      "ALTER ROLE r WITH PASSWORD '***' VALID UNTIL '***'; SELECT 'y'",
    ],
    ["CREATE USER u ENCRYPTED PASSWORD E'a\\'b'", "CREATE USER u ENCRYPTED PASSWORD '***'"],
    ["CREATE USER u PASSWORD 'without an end", "CREATE USER u PASSWORD '***'"],
    ["CREATE USER u PASSWORD 'a\\'b'", "CREATE USER u PASSWORD '***'"],
    [`SELECT '{"a": "{\\"token\\": \\"x\\"}"}'`, `SELECT '{"a": "{\\"token\\": \\"***"}'`],
    ['ALTER USER u PASSWORD $q$x$q$', "ALTER USER u PASSWORD '***'"],
    ["CREATE USER u IDENTIFIED BY 'x'", "CREATE USER u IDENTIFIED BY '***'"],
    [
      "INSERT INTO users (name, password) VALUES ('a', 'b')",
      "INSERT INTO users (name, password) VALUES ('***', '***')",
    ],
    ["SELECT 1 -- password 'x'\n, 2", 'SELECT 1 , 2'],
    [
      `INSERT INTO j VALUES ('{"auth_token": "gAAA", "n": null}')`,
      `INSERT INTO j VALUES ('{"auth_token": "***", "n": null}')`,
    ],
    [
      `INSERT INTO j VALUES ('{"a": {"adminPass" : "q\\"r"}, "b": "c"}')`,
      `INSERT INTO j VALUES ('{"a": {"adminPass" : "***"}, "b": "c"}')`,
    ],
    ["SELECT dblink('host=h password=x port=1')", "SELECT dblink('host=h password=*** port=1')"],
    ["SELECT dblink('host=h password=''x y''')", "SELECT dblink('***')"],
    [
      "SELECT 'postgresql://u:x@h/d', 'http://h:80/?a=b'",
      "SELECT 'postgresql://u:***@h/d', 'http://h:80/?a=b'",
    ],
    [`UPDATE t SET a='{"state": "SUCCESS"}' WHERE t.id = '1:2'`],
  ] as const) {
    it(`is right for ${sql}`, () => {
      expect(redactSql(sql)).to.equal(expected)
    })
  }

  it('never shows a password, wherever the text is cut', () => {
    const statements = fc
      .tuple(secret, fc.constantFrom(quoted, escaped))
      .chain(([text, quote]) =>
        fc.constantFrom(
          `CREATE ROLE r LOGIN PASSWORD ${quote(text)}`,
          `INSERT INTO t (id, secret) VALUES (1, ${quote(text)}), (2, ${quote(text)})`,
          `UPDATE t SET "Token" = ${quote(text)} WHERE id = 1`,
          `INSERT INTO t (id, data) VALUES (1, ${quote(JSON.stringify({ a: 1, my_password: text, b: [] }))})`,
        ),
      )
    fc.assert(
      fc.property(statements, fc.integer({ min: 1, max: 200 }), (sql, maxLength) => {
        expect(redactSql(sql, maxLength)).to.not.match(/[QZ%]/)
      }),
      { numRuns: 1000 },
    )
  })

  it('has no part of a password in a URL that was cut', () => {
    expect(redactSql("SELECT 'postgresql://user:password@host/db'", 34)).to.equal(
      "SELECT 'postgresql://user:***…",
    )
  })

  it('is of bounded length, and says that it was longer', () => {
    const long = `SELECT '${'x'.repeat(5000)}'`
    expect(redactSql(long)).to.have.length(4096).and.to.match(/x…$/)
    expect(redactSql(long, 10)).to.equal("SELECT 'x…")
    expect(redactSql('SELECT 1', 8)).to.equal('SELECT 1')
    expect(redactSql("SELECT 'a:b@' AS token, ''", 26)).to.have.length.at.most(26)
  })

  it('is made in time that grows with the text alone', () => {
    for (const piece of [
      'pass',
      '"',
      '"a": "',
      '"token":"\\',
      'a=',
      '://a:',
      ' ',
      "'token=",
      '"token" ',
      '\\"',
    ]) {
      const text = `SELECT '${piece.repeat(2 ** 18 / piece.length)}'`
      const begun = performance.now()
      redactSql(text, 2 ** 20)
      expect(performance.now() - begun, piece).to.be.below(2000)
    }
  })
})

describe("a server's error for people to read", () => {
  for (const [text, expected = text] of [
    ['invalid input syntax for type integer: "a "b" c"', 'invalid input syntax for type integer: "***"'],
    [`syntax error at or near "'hunter"`, 'syntax error at or near "***"'],
    [`unrecognized: PASSWORD 'hunter'`, "unrecognized: PASSWORD '***'"],
    ['duplicate key value violates unique constraint "t_pkey"'],
    ['relation "t" does not exist'],
    ['terminating connection due to administrator command'],
  ] as const) {
    it(`is right for ${text}`, () => {
      expect(redactError(text)).to.equal(expected)
    })
  }
})
