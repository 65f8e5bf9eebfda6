/** The least that a proxy in Node can be: two sockets piped into each other. Prints its port. */
import { connect, createServer, type AddressInfo } from 'node:net'

const upstream = Number(process.argv[2])
const server = createServer({ noDelay: true }, (client) => {
  const service = connect({ port: upstream, host: '127.0.0.1', noDelay: true })
  client.pipe(service).pipe(client)
  client.on('error', () => service.destroy())
  service.on('error', () => client.destroy())
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
