import { Agent, type IncomingMessage, type ServerResponse, createServer, request } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Certificate } from './certificate.ts'
import { breakOff, sendBody } from './send-body.ts'

/** What is to go wrong, for requests whose `METHOD URL` contains `match`. The newest fault wins. */
export interface Fault {
  readonly match: string
  /** An answer with this status, and with these headers. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** `hang`: not a word more. `reset`: the connection is cut. `end`: it ends in good order, but too early. */
  readonly mode?: 'hang' | 'reset' | 'end'
  /** So much of the right answer's body comes before that; without it, not even a header. */
  readonly afterBytes?: number
  /** This byte of the right answer's body, the first being 0, is changed. */
  readonly wrongByte?: number
  /** The body of the right answer comes this slowly. */
  readonly bytesPerSecond?: number
  /** Wait this long first; alone, the request is answered rightly afterwards. */
  readonly delayMs?: number
  /** For so many requests, then no more; without it, until `heal()`. */
  readonly times?: number
}

/** One request, in the order of arrival. Times are in milliseconds since 1970. */
export interface RecordedRequest {
  readonly method: string
  readonly url: string
  /** Who asks, by HTTP's Basic authentication; not there for an anonymous request. */
  readonly user?: string
  readonly at: number
  /** Not there while unanswered. */
  readonly status?: number
  /** When the whole answer was sent or the connection was lost. */
  readonly endedAt?: number
  /** Bytes of the answer's body so far. */
  readonly bytes: number
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** Passes HTTP(S) on to an HTTP server on loopback, writes down every request, and fails on demand. */
export class FaultProxy {
  readonly #upstream: number
  readonly #server
  #requests: Mutable<RecordedRequest>[] = []
  #faults: { readonly fault: Fault; left: number }[] = []
  #port = 0

  /** With a certificate, it speaks HTTPS. */
  constructor(upstreamPort: number, certificate?: Certificate) {
    this.#upstream = upstreamPort
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
      // a client that goes away in the middle is none of our failures
      this.#answer(incoming, outgoing).catch(() => outgoing.destroy())
    }
    this.#server = certificate ? createTlsServer(certificate, answer) : createServer(answer)
    // an upload or a hanging answer may take as long as it takes
    this.#server.requestTimeout = 0
  }

  /** Stays the same when it is stopped and started. */
  get port(): number {
    return this.#port
  }

  get requests(): readonly RecordedRequest[] {
    return this.#requests
  }

  get isOn(): boolean {
    return this.#server.listening
  }

  forget(): void {
    this.#requests = []
  }

  fail(fault: Fault): void {
    this.#faults.unshift({ fault, left: fault.times ?? Infinity })
  }

  heal(): void {
    this.#faults = []
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const address = this.#server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
  }

  /** Refuses new connections and cuts the present ones. */
  async stop(): Promise<void> {
    await new Promise(resolve => {
      this.#server.close(resolve)
      this.#server.closeAllConnections()
    })
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '' } = incoming
    const record: Mutable<RecordedRequest> = { method, url, at: Date.now(), bytes: 0 }
    const user = userOf(incoming.headers.authorization)
    if (user !== undefined) record.user = user
    this.#requests.push(record)
    outgoing.once('close', () => {
      record.endedAt = Date.now()
    })
    const fault = this.#takeFault(`${method} ${url}`)
    if (fault.delayMs !== undefined && !(await isAwaited(outgoing, fault.delayMs))) return
    if (fault.status !== undefined) {
      record.status = fault.status
      outgoing.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
      outgoing.end(failure(fault.status))
    } else if (fault.mode !== undefined && fault.afterBytes === undefined) {
      await breakOff(outgoing, fault.mode)
    } else {
      await this.#pass(incoming, outgoing, record, fault)
    }
  }

  #takeFault(text: string): Fault {
    const found = this.#faults.find(({ fault, left }) => left > 0 && text.includes(fault.match))
    if (found) found.left -= 1
    return found?.fault ?? noFault
  }

  async #pass(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    record: Mutable<RecordedRequest>,
    fault: Fault,
  ): Promise<void> {
    const passed = request({
      agent: noReuse,
      port: this.#upstream,
      host: '127.0.0.1',
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
    })
    outgoing.once('close', () => passed.destroy())
    incoming.pipe(passed)
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      passed.once('response', resolve)
      passed.on('error', reject)
    })
    record.status = answer.statusCode ?? 0
    outgoing.writeHead(record.status, answer.headers)
    await sendBody(answer, outgoing, fault, bytes => {
      record.bytes += bytes
    })
  }
}

/** Whether an answer is still wanted after so many milliseconds; false as soon as it is not. */
const isAwaited = (outgoing: ServerResponse, milliseconds: number): Promise<boolean> =>
  new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds, true)
    outgoing.once('close', () => {
      clearTimeout(timer)
      resolve(false)
    })
  })

const noFault: Fault = { match: '' }

/** The user of `Basic base64(user:password)` (RFC 7617); podman, asked who it is, may send an empty one. */
const userOf = (authorization = ''): string | undefined => {
  const [, encoded] = /^Basic (.+)$/.exec(authorization) ?? []
  return encoded === undefined ? undefined : /^[^:]+/.exec(atob(encoded))?.[0]
}

/** A kept connection that the registry closes meanwhile would be a fault nobody asked for. */
const noReuse = new Agent({ keepAlive: false })

/** As the distribution specification has it; podman shows code and message to people. */
const failure = (status: number): string =>
  JSON.stringify({
    errors: [{ code: codes[status] ?? 'UNKNOWN', message: 'this failure was ordered by the test' }],
  })

const codes: Readonly<Record<number, string>> = {
  401: 'UNAUTHORIZED',
  403: 'DENIED',
  404: 'MANIFEST_UNKNOWN',
  429: 'TOOMANYREQUESTS',
}
