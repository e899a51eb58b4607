// stream.js - reads server-sent events by fetch. EventSource cannot be told where to go on after
// a new start, does not tell of the garden's beats, and so takes a dead line for a quiet one.

const LINE_LIMIT = 1 << 20;

/**
 * Calls event({ id, type, data }) for each event and alive() for whatever comes. Ends, or
 * throws, with the connection; silentMs without a byte end it, too.
 */
export async function readStream(path, { lastId, silentMs, event, alive }) {
  const line = new AbortController(), stop = () => line.abort();
  let watchdog = setTimeout(stop, silentMs);
  try {
    const headers = { Accept: "text/event-stream", ...(lastId ? { "Last-Event-ID": lastId } : {}) };
    const answer = await fetch(path, { headers, cache: "no-store", signal: line.signal });
    if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("text/event-stream"))
      throw Object.assign(new Error(`${path}: ${answer.status}`), { status: answer.status });
    const parse = parser(event), reader = answer.body.getReader(), decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(stop, silentMs);
      alive();
      parse(decoder.decode(value, { stream: true }));
    }
  } finally {
    clearTimeout(watchdog);
    stop();
  }
}

/** Takes text in any pieces. */
export function parser(event) {
  let rest = "", made = { id: "", type: "message", data: [] };
  const take = (line) => {
    if (line === "") {
      if (made.data.length) event({ id: made.id, type: made.type, data: made.data.join("\n") });
      made = { id: made.id, type: "message", data: [] };
      return;
    }
    const colon = line.indexOf(":"), name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") made.data.push(value);
    else if (name === "id") made.id = value;
    else if (name === "event") made.type = value;
  };
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    if (rest.length > LINE_LIMIT) throw new Error("a line of events does not end");
    lines.forEach(take);
  };
}
