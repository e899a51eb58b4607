// api.js - asking the garden. Answers are JSON; what is refused is thrown as an ApiError with the
// garden's own words.

export class ApiError extends Error {
  /** status 0: the garden was not reached. */
  constructor(status, detail, body) {
    super(detail);
    this.status = status;
    this.body = body;
  }

  /** Trying again later may help. */
  get passes() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** A key is needed, or another one. */
  get locked() {
    return this.status === 401 || this.status === 403;
  }
}

/**
 * ask("POST", "/like", { id, itemId }, { idempotencyKey, timeoutMs, signal, headers, answered }).
 * A body that is a Blob goes as it is, any other as JSON. The answer: JSON, else text. answered is
 * called with the Response itself, for who needs a header of it.
 */
export async function ask(method, path, body, options = {}) {
  const headers = { ...options.headers };
  const plain = body === undefined || body instanceof Blob;
  if (!plain) headers["Content-Type"] = "application/json";
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
  const signals = [AbortSignal.timeout(options.timeoutMs ?? 15000)];
  if (options.signal) signals.push(options.signal);
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: plain ? body : JSON.stringify(body), signal: any(signals) });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, String(error.message ?? error));
  }
  options.answered?.(answer);
  return read(answer);
}

export const get = (path, options) => ask("GET", path, undefined, options);
export const post = (path, body, options) => ask("POST", path, body, options);
export const put = (path, body, options) => ask("PUT", path, body, options);

/** A path with what is put into it encoded: path`/v1/zones/${zone}`. */
export function path(parts, ...values) {
  return parts.reduce((made, part, i) => made + encodeURIComponent(values[i - 1]) + part);
}

/** The address of an object: slashes of its key stay. */
export function objectPath(key) {
  return "/" + key.split("/").map(encodeURIComponent).join("/");
}

async function read(answer) {
  const text = await answer.text();
  const body = parse(text);
  if (answer.ok) return body ?? text;
  throw new ApiError(answer.status, body?.detail ?? body?.title ?? (text.trim() || answer.statusText), body);
}

function parse(text) {
  try { return JSON.parse(text); } catch { return null; }
}

// AbortSignal.any is younger than some kiosks' browsers.
function any(signals) {
  if (signals.length === 1) return signals[0];
  if (AbortSignal.any) return AbortSignal.any(signals);
  const both = new AbortController();
  for (const signal of signals) signal.addEventListener("abort", () => both.abort(signal.reason), { once: true });
  return both.signal;
}
