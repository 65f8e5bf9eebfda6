import { once } from 'node:events'
import { expect } from 'chai'
import { dial } from './upstream-watch.ts'

describe('a dial', () => {
  it('that the platform does not even try fails as any other', async () => {
    const socket = dial({ host: 'a\0b', port: 80 })
    const [error] = await once(socket, 'error')
    expect(error).to.have.property('code', 'ERR_INVALID_ARG_VALUE')
    expect(socket.destroyed).to.equal(true)
  })
})
