import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './fault-proxy.ts'

/**
 * Sends the body of an answer, with whatever is to go wrong in it.
 *
 * @param sent is told how many bytes went out, again and again
 */
export const sendBody = async (
  body: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault,
  sent: (bytes: number) => void,
): Promise<void> => {
  for await (const bytes of spoil(body, fault)) {
    for (const part of slices(bytes, fault.bytesPerSecond)) {
      sent(part.length)
      if (!outgoing.write(part)) await once(outgoing, 'drain')
      if (fault.bytesPerSecond !== undefined) await sleep(sliceMs)
    }
  }
  if (fault.mode === undefined) outgoing.end()
  else await breakOff(outgoing, fault.mode)
}

/** Ends a connection before an answer is complete, or never. */
export const breakOff = async (
  outgoing: ServerResponse,
  mode: 'hang' | 'reset' | 'end',
): Promise<void> => {
  if (mode === 'hang') await once(outgoing, 'close')
  else if (mode === 'reset') outgoing.socket?.resetAndDestroy()
  // the socket: ended with fewer bytes than it announced, an answer would leave the client waiting
  else outgoing.socket?.end()
}

/** The bytes of a body up to where it ends too early, and with the one that is wrong. */
const spoil = async function* (
  body: AsyncIterable<Buffer>,
  { mode, afterBytes = 0, wrongByte = -1 }: Fault,
) {
  const end = mode === undefined ? Infinity : afterBytes
  let start = 0
  for await (const bytes of body) {
    const byte = bytes[wrongByte - start]
    if (byte !== undefined) bytes[wrongByte - start] = ~byte
    yield bytes.subarray(0, end - start)
    start += bytes.length
    if (start >= end) return
  }
}

const sliceMs = 100

const slices = function* (bytes: Buffer, bytesPerSecond: number | undefined) {
  const size =
    bytesPerSecond === undefined ? bytes.length : Math.ceil((bytesPerSecond * sliceMs) / 1000)
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
