// One column: the buffers that Python sent, what changed since, and how its cells compare.

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const compareAsText = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0); // digits beyond 2^53, microseconds

function comparison(kind) {
  if (kind === "integer" || kind === "number") return (a, b) => a - b || compareAsText(a, b);
  if (kind === "time") return (a, b) => instant(a) - instant(b) || compareAsText(a, b);
  return (a, b) => collator.compare(a, b) || compareAsText(a, b);
}

// "ann" contains, "=Ann" equals, "=" blank, "<>" not blank, ">5" "<=5" compares.
function predicate(filter, kind) {
  const [, sign, rest] = /^(<empty>$|<>|<=|>=|=|<|>)?([^]*)$/.exec(filter.trim());
  const wanted = rest.trim().toLowerCase();
  const compare = comparison(kind);
  if (sign === EMPTY) return (text) => text === "";
  if (sign === "=" || sign === "<>") {
    const same = (text) => (wanted === "" ? text === null : seen(text).toLowerCase() === wanted);
    return sign === "=" ? same : (text) => !same(text);
  }
  if (!sign || wanted === "") return (text) => seen(text).toLowerCase().includes(wanted);
  const limit = rest.trim();
  const holds = { "<": (n) => n < 0, "<=": (n) => n <= 0, ">": (n) => n > 0, ">=": (n) => n >= 0 }[sign];
  if (kind !== "time") return (text) => text !== null && holds(compare(text, limit));
  return (text) => text !== null && holds(compareAsText(text.slice(0, limit.length), limit)); // as the cells show it
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

class Column {
  /** @type {string} */
  name;
  /** @type {string} The type of its cells, as in `WIDTHS`. */
  kind;
  /** @type {boolean} Whether it stays in sight at the left. */
  pinned;
  /** @type {boolean} Whether its cells cannot be edited, with the reason. */
  locked;
  /** @type {string} */
  reason;
  /** @type {string} */
  note;
  /** @type {boolean} Whether it holds a consent. */
  consent;
  /** @type {number} Pixels. */
  width;

  constructor(meta, at) {
    Object.assign(this, meta, { at, loaded: false });
    this.fresh = new Map(); // row -> confirmed text that is newer than the buffers
    this.marks = new Map(); // row -> {original, status, reason} of changed cells
    this.pending = new Map(); // row -> {text, id} that Python has not acknowledged
    this.rejected = new Map(); // row -> {text, reason} that Python did not accept
  }

  load(message, buffers) {
    const bytes = buffers.map((b) => new Uint8Array(b.buffer ?? b, b.byteOffset ?? 0, b.byteLength));
    const integers = (array) => new Int32Array(array.slice().buffer);
    const dictionary = message.encoding === "dictionary";
    this.valid = bytes[0];
    this.codes = dictionary ? integers(bytes[1]) : null;
    const offsets = bytes.at(-2);
    const wide = !dictionary && offsets.byteLength === 8 * (message.rows + 1);
    this.offsets = wide ? Array.from(new BigInt64Array(offsets.slice().buffer), Number) : integers(offsets);
    this.bytes = bytes.at(-1);
    this.text = null;
    this.fresh.clear();
    this.marks = new Map(message.marks.map(([row, original, status, reason]) => [row, { original, status, reason }]));
    this.loaded = true;
  }

  confirmed(row) {
    const fresh = this.fresh.get(row);
    if (fresh !== undefined) return fresh;
    if (this.valid.length && !((this.valid[row >> 3] >> (row & 7)) & 1)) return null;
    const at = this.codes ? this.codes[row] : row;
    const [from, to] = [this.offsets[at], this.offsets[at + 1]];
    this.text ??= decoder.decode(this.bytes); // if all is ASCII, positions in the text are those of the bytes
    return this.text.length === this.bytes.length
      ? this.text.slice(from, to)
      : decoder.decode(this.bytes.subarray(from, to));
  }

  now(row) {
    const typed = this.pending.get(row) ?? this.rejected.get(row);
    return typed ? typed.text : this.confirmed(row);
  }

  // What a cell shows beside its text: a class, and words for hover and for screen readers.
  state(row) {
    const mark = this.marks.get(row);
    const was = mark ? `Was ${mark.original === null ? "blank" : seen(mark.original)}. ` : "";
    if (this.pending.has(row)) return ["pending", `${was}Not saved yet.`];
    const red = this.rejected.get(row);
    if (red)
      return [
        "rejected",
        `Not accepted. ${sentence(red.reason)} The cell still holds ${seen(this.confirmed(row)) || "a blank"}.`,
      ];
    if (mark?.status === "refused")
      return ["refused", `${was}Saved, but the plan refuses it. ${sentence(mark.reason)}`];
    if (mark) return ["changed", was.trim()];
    if (this.locked) return ["locked", sentence(this.reason, "Read-only.")];
    return ["", sentence(this.note)];
  }
}
