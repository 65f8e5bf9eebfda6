import { CAUGHT_UP, type EventView } from '../api/events.ts'
import { HarnessError, messageOf } from '../util/errors.ts'

/**
 * Reads the events of a server: those that it has kept, and with `follow` those that come.
 * @throws {HarnessError} if the server is not there, or has gone while it was followed.
 */
export async function* readEvents(url: string, follow: boolean): AsyncGenerator<EventView> {
  const gone = new AbortController()
  // Who reads us has gone (`… | head`).
  process.stdout.once('error', () => gone.abort())
  try {
    for await (const block of blocksOf(url, gone.signal)) {
      if (block === CAUGHT_UP && !follow) return
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (data !== undefined) yield JSON.parse(data) as EventView
    }
  } catch (error) {
    if (gone.signal.aborted) return
    if (error instanceof HarnessError) throw error
    throw new HarnessError(`${new URL(url).origin} has gone: ${messageOf(error)}`, { cause: error })
  } finally {
    gone.abort()
  }
}

/** The blocks of a stream of server-sent events, as they come. */
async function* blocksOf(url: string, signal: AbortSignal): AsyncGenerator<string> {
  const { body, status } = await fetch(`${url}/events`, { signal })
  if (status !== 200 || !body) throw new HarnessError(`${new URL(url).origin} tells no events: ${status}`)
  let rest = ''
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const blocks = `${rest}${text}`.split('\n\n')
    rest = blocks.pop() ?? ''
    yield* blocks
  }
}
