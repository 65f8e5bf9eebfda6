import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect } from 'node:net'
import { expect } from 'chai'
import { ageMs, allProcesses, environmentOf, isAlive, processFacts } from './procfs.ts'
import { freePort } from './ports.ts'
import { portsOwnedBy } from './sockets.ts'

describe('what Linux tells of processes', () => {
  it('names this one, with parent and start', () => {
    const facts = processFacts(process.pid)
    expect(facts).to.include({ pid: process.pid, parent: process.ppid })
    expect(isAlive(process.pid, facts?.start ?? NaN)).to.equal(true)
    expect(isAlive(process.pid, (facts?.start ?? NaN) - 1)).to.equal(false)
    expect(facts && ageMs(facts)).to.be.within(0, process.uptime() * 1000 + 1000)
    expect(allProcesses().map(({ pid }) => pid)).to.include(process.pid)
  })

  it('reads an environment, and a name with parentheses and spaces', async () => {
    const script = "process.title = 'a) R 1 (b'; console.log('up'); setInterval(() => {}, 60_000)"
    const child = spawn(process.execPath, ['-e', script], { env: { CROSSWIND_TEST: 'a=b' } })
    await once(child.stdout, 'data')
    expect(processFacts(child.pid ?? 0)).to.include({ parent: process.pid })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(processFacts(child.pid ?? 0)).to.equal(undefined)
    const sleep = spawn('/bin/sleep', ['60'], { env: { CROSSWIND_TEST: 'a=b' } })
    await once(sleep, 'spawn')
    expect(environmentOf(sleep.pid ?? 0)?.get('CROSSWIND_TEST')).to.equal('a=b')
    sleep.kill('SIGKILL')
    await once(sleep, 'exit')
    expect(environmentOf(sleep.pid ?? 0)).to.equal(undefined)
  })

  it('tells whose a connection is', async () => {
    const port = await freePort()
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    const own = socket.localPort ?? 0
    expect(portsOwnedBy([process.pid], [own])).to.deep.equal([own])
    expect(portsOwnedBy([process.ppid], [own])).to.deep.equal([])
    // It only listens.
    const listening = await freePort()
    expect(portsOwnedBy([process.pid], [listening])).to.deep.equal([])
    socket.destroy()
    server.close()
  })
})
