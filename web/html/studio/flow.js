// flow.js - where cards go: rows of one height each, filled from edge to edge as on a wall, and
// which of them are seen. Numbers only; 10,000 cards take a few milliseconds.

/**
 * shares: width over height of each card. Returns { rows: [{ top, height, first, widths }], height,
 * rowOf: index of a card -> its row }.
 */
export function layOut(shares, { width, wanted, gap, below = 0 }) {
  const rows = [], rowOf = new Int32Array(shares.length);
  let top = 0, first = 0, sum = 0;
  const close = (end, height) => {
    for (let i = first; i < end; i++) rowOf[i] = rows.length;
    rows.push({ top, height, first, widths: shares.slice(first, end).map((share) => share * height) });
    top += height + below + gap;
    first = end;
    sum = 0;
  };
  for (let i = 0; i < shares.length; i++) {
    sum += shares[i];
    const height = (width - gap * (i - first)) / sum;
    if (height <= wanted) close(i + 1, height);
  }
  if (first < shares.length) close(shares.length, Math.min(wanted, (width - gap * (shares.length - 1 - first)) / sum));
  return { rows, rowOf, height: Math.max(0, top - gap) };
}

/** The rows that touch [from, to): the index of the first and the one after the last. */
export function rowsBetween(rows, from, to) {
  return [search(rows, (row) => row.top + row.height > from), search(rows, (row) => row.top >= to)];
}

/** The card above (step -1) or below (1) the middle of card i. */
export function neighbour({ rows, rowOf }, i, step, gap) {
  const row = rows[rowOf[i]], other = rows[rowOf[i] + step];
  if (!other) return i;
  const middle = leftOf(row, i - row.first, gap) + row.widths[i - row.first] / 2;
  let best = 0;
  for (let k = 0; k < other.widths.length; k++) if (leftOf(other, k, gap) <= middle) best = k;
  return other.first + best;
}

export function leftOf(row, k, gap) {
  let left = 0;
  for (let i = 0; i < k; i++) left += row.widths[i] + gap;
  return left;
}

function search(rows, holds) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(rows[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
