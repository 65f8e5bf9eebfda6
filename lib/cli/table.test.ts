import { expect } from 'chai'
import { tableLines } from './table.ts'

const red = (text: string): string => `\u001B[31m${text}\u001B[39m`

describe('a table', () => {
  it('aligns its columns and pads no line at its end', () => {
    const rows = [
      ['LINK', 'PORT', 'FAULTS'],
      ['engine-1.rabbitmq', '3310', '-'],
      ['', '', 'down'],
    ]
    expect(tableLines(rows, 2)).to.deep.equal([
      '  LINK               PORT  FAULTS',
      '  engine-1.rabbitmq  3310  -',
      '                           down',
    ])
  })

  it('is aligned by what people see, not by the escape sequences of colours', () => {
    const lines = tableLines(
      [
        ['a', 'x'],
        ['long', 'y'],
      ],
      0,
      (text, row, column) => (row === 0 && column === 0 ? red(text) : text),
    )
    expect(lines).to.deep.equal([`${red('a   ')}  x`, 'long  y'])
  })

  it('of nothing has no lines', () => {
    expect(tableLines([])).to.deep.equal([])
  })
})
