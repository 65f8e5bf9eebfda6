import { expect } from 'chai'
import { HarnessError } from '../util/errors.ts'
import { mistralVersion, traitsOf } from './versions.ts'

describe('versions of Mistral', () => {
  it('differ in their drivers and in what they print when ready', () => {
    for (const version of ['15.0.0', '20.2.0']) {
      expect(traitsOf(version).rpcDrivers, version).to.deep.equal(['oslo', 'kombu'])
      expect(traitsOf(version).readyLine?.('api'), version).to.equal('API server started.')
    }
    for (const version of ['21.0.0', '23.0.0', '23.0.1.dev3']) {
      expect(traitsOf(version), version).to.deep.equal({ rpcDrivers: ['oslo'], readyLine: undefined })
    }
    expect(() => traitsOf('unknown')).to.throw(HarnessError, '"unknown" is not a version')
  })

  it('cannot be asked of what is no interpreter, or of one without Mistral', async () => {
    for (const python of ['/nowhere/python', process.execPath]) {
      const error = await mistralVersion(python).then(String, String)
      expect(error).to.match(new RegExp(`^HarnessError: no Mistral in ${python}: `))
    }
  })
})
