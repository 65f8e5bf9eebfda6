/** Toxiproxy's errors, and ours beyond it. Clients map the status and some assert the text. */
export const apiErrors = {
  badRequestBody: { status: 400, text: 'bad request body' },
  missingField: { status: 400, text: 'missing required field' },
  invalidStream: { status: 400, text: 'stream was invalid, can be either upstream or downstream' },
  invalidToxicType: { status: 400, text: 'invalid toxic type' },
  invalidAttribute: { status: 400, text: 'invalid attribute' },
  strikesNothing: { status: 400, text: 'strikes no message' },
  proxyNotFound: { status: 404, text: 'proxy not found' },
  toxicNotFound: { status: 404, text: 'toxic not found' },
  connectionNotFound: { status: 404, text: 'connection not found' },
  tokenRequired: { status: 401, text: 'token required' },
  proxyAlreadyExists: { status: 409, text: 'proxy already exists' },
  toxicAlreadyExists: { status: 409, text: 'toxic already exists' },
  /** Its text is the cause alone: `listen tcp 127.0.0.1:3310: bind: address already in use`. */
  listenFailed: { status: 500, text: '' },
  /** A defect of ours; the text is the cause alone. */
  internal: { status: 500, text: '' },
} as const

export type ApiErrorKind = keyof typeof apiErrors

/** Ends a request with `{"error": text, "status": status}`. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number

  /** @param cause is put behind the kind's text: `missing required field: name`. */
  constructor(kind: ApiErrorKind, cause = '') {
    const { status, text } = apiErrors[kind]
    super([text, cause].filter(Boolean).join(': '))
    this.status = status
  }
}
