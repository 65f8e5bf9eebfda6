/** Our server in a process of its own, as the others have one; prints its URL. */
import { toxics } from '../../../toxics/index.ts'
import { startToxiproxy } from '../../api/server.ts'

const server = await startToxiproxy({ toxics, seed: 'bench' })
process.stdout.write(`${server.url}\n`)
