// The grid in JupyterLab: shows a frame, sends each edit to Python, and shows what Python answers.
// An edit counts as saved only when Python has acknowledged it. Rows are found by key, never by position.

const EMPTY = "<empty>"; // what a person sees for the empty text; a missing value is blank
const ROW = 26; // pixels of a row
const TALLEST = 8_000_000; // pixels of the scrolled area; browsers cannot draw much taller ones
const BATCH = 900_000; // bytes of one message with edits
const LONGEST = 4_000_000; // bytes of one cell: the server closes a connection that sends 10 MB
const MOST = 250_000; // cells of one edit
const WIDTHS = { integer: 13, number: 12, boolean: 11, time: 19, guid: 36, list: 24, text: 22 }; // characters

// ---- texts: as Python has them (wire), as a person sees them, as Excel copies them ----

export const seen = (wire) => (wire === null ? "" : wire === "" ? EMPTY : /^'*<empty>$/.test(wire) ? "'" + wire : wire);
export const wire = (text) =>
  text === "" ? null : text === EMPTY ? "" : /^'+<empty>$/.test(text) ? text.slice(1) : text;

const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/; // a spreadsheet would run it: marked with ', as in sheets
const unmark = (text) => (/^'['=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? text.slice(1) : text);
export const mark = (text) => (FORMULA.test(text) || unmark(text) !== text ? "'" + text : text);

// Excel quotes a whole cell or nothing: a quote inside a cell is an ordinary character.
export function readBlock(text) {
  const rows = [[]];
  let at = 0;
  while (at <= text.length) {
    let cell = null;
    if (text[at] === '"') {
      let end = at + 1;
      while ((end = text.indexOf('"', end)) !== -1 && text[end + 1] === '"') end += 2;
      if (end !== -1 && (end + 1 === text.length || "\t\r\n".includes(text[end + 1]))) {
        cell = text.slice(at + 1, end).replaceAll('""', '"');
        at = end + 1;
      }
    }
    if (cell === null) {
      const start = at;
      while (at < text.length && text[at] !== "\t" && text[at] !== "\n" && text[at] !== "\r") at++;
      cell = text.slice(start, at);
    }
    rows.at(-1).push(unmark(cell));
    if (text[at] === "\t") {
      at++;
      continue;
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at++;
    if (++at >= text.length) break;
    rows.push([]);
  }
  return rows;
}

export function writeBlock(rows) {
  const quoted = (cell) => (/[\t\r\n]|^"/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => row.map(quoted).join("\t") + "\r\n").join("");
}

// An editor in a browser has only \n: the line ends that the cell had come back.
function withLineEnds(text, before) {
  if (text === before.replace(/\r\n?/g, "\n")) return before;
  return before.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text;
}

const oneLine = (text) => text.slice(0, 300).replace(/\r?\n|\r/g, " ↵ ");

// The header names the zone; hover and the line below the cells show the whole text.
const shortTime = (text) => text.replace(/^(\d+-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? [+-][\d:]+$/, "$1");

// "2026-11-25 09:30:00.123456 -06:00" in milliseconds; offsets of old times have seconds, too.
function instant(text) {
  const part =
    /^(\d+)-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))? ?(?:([+-])(\d\d):(\d\d)(?::(\d\d))?|Z)?$/.exec(text);
  if (!part) return NaN;
  const date = new Date(0);
  date.setUTCFullYear(+part[1], +part[2] - 1, +part[3]);
  const offset = (part[7] === "-" ? -1 : 1) * ((+part[8] || 0) * 3600 + (+part[9] || 0) * 60 + (+part[10] || 0));
  return date.getTime() + ((+part[4] * 60 + +part[5]) * 60 + (+part[6] || 0) - offset) * 1000;
}

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

// ---- one column: the buffers that Python sent, and what changed since ----

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

class Column {
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

// ---- the view ----

const KEYS = [
  ["Arrows, Page Up, Page Down, Home, End", "move; with Shift select; with Ctrl to the edge"],
  ["Tab, Shift+Tab", "next or previous cell"],
  ["F2, Enter, or typing", "edit; Enter saves, Esc cancels, Alt+Enter inserts a line break"],
  ["Space", "change a check box: yes, no, blank"],
  ["Delete", "make blank; type <empty> for an empty text"],
  ["Ctrl+C, Ctrl+X, Ctrl+V", "copy, cut, paste a block, also from and to Excel"],
  ["Ctrl+Z, Ctrl+Y", "undo, redo"],
  ["Ctrl+D", "fill down"],
  ["Ctrl+F", "find; Enter goes to the next match, Shift+Enter to the previous"],
  ["Arrow Up in the first row", "go to the filter of the column; press it again to sort"],
  ["Esc", "remove a text that was not accepted; otherwise leave the grid"],
];

class Grid extends Channel {
  constructor(model, root) {
    super(model, root);
    this.pinged = Date.now();
    this.asked = new Set();
    this.columns = [];
    this.order = [];
    this.filters = new Map();
    this.only = "";
    this.active = { at: 0, column: 0 };
    this.anchor = { at: 0, column: 0 };
    this.version = 0;
    this.pool = [];
    this.counts = {};
    this.conflicts = [];
    this.absent = [];
    this.build();
    this.looked = () => this.ping(); // Python then reads what another kernel wrote into the log
    for (const type of ["focus", "visibilitychange"]) addEventListener(type, this.looked);
    this.resized = new ResizeObserver(() => this.paint());
    this.resized.observe(this.scroll);
    this.transmit({ type: "open", client: this.client });
  }

  close() {
    super.close();
    clearTimeout(this.planTimer);
    for (const type of ["focus", "visibilitychange"]) removeEventListener(type, this.looked);
    this.resized.disconnect();
  }

  build() {
    const button = (text, title, click) => element("button", { type: "button", title, onclick: click, text });
    const uid = this.uid;
    this.title = element("strong", { class: "stcrm-title", id: `${uid}-title` });
    this.find = element("input", {
      type: "search",
      placeholder: "Find",
      "aria-label": "Find in all columns",
      class: "stcrm-find",
    });
    this.onlyChanged = button("Only changed", "Show only rows with changed cells", () => this.show("changed"));
    this.onlyRefused = button("Only refused", "Show only rows with refused cells", () => this.show("refused"));
    this.undoButton = button("Undo", "Undo the latest edit (Ctrl+Z)", () => this.undo());
    this.redoButton = button("Redo", "Redo what was undone last (Ctrl+Y)", () => this.post({ type: "redo" }));
    this.planButton = button("Plan", "Show what would be sent", () => this.togglePanel());
    this.scroll = element("div", {
      class: "stcrm-scroll",
      role: "grid",
      tabindex: "0",
      "aria-labelledby": `${uid}-title`,
      "aria-describedby": `${uid}-note`,
      "aria-multiselectable": "true",
    });
    this.head = element("div", { class: "stcrm-head", role: "row", "aria-rowindex": "1" });
    this.canvas = element("div", { class: "stcrm-canvas", role: "rowgroup" });
    this.scroll.append(element("div", { class: "stcrm-heads", role: "rowgroup" }, this.head), this.canvas);
    this.editorLabel = element("div", { class: "stcrm-editor-label", "aria-hidden": "true" });
    this.editor = element("div", { class: "stcrm-editor", hidden: "" }, this.editorLabel);
    this.empty = element("p", { class: "stcrm-nothing", hidden: "" });
    this.makeBanner("changes");
    this.message = element("div", { class: "stcrm-message", role: "status", hidden: "" });
    this.panel = element("aside", { class: "stcrm-panel", "aria-label": "Plan and conflicts", hidden: "" });
    this.note = element("div", { class: "stcrm-note", id: `${uid}-note`, "aria-live": "polite" });
    this.numbers = element("span", { class: "stcrm-numbers" });
    this.saved = element("span", { class: "stcrm-saved", role: "status" });
    this.help = element("dl", { class: "stcrm-keys", hidden: "" });
    for (const [keys, what] of KEYS) this.help.append(element("dt", { text: keys }), element("dd", { text: what }));
    this.helpButton = button("Keys", "Show the keyboard shortcuts", () => {
      this.help.hidden = !this.help.hidden;
      this.helpButton.setAttribute("aria-expanded", String(!this.help.hidden));
    });
    this.helpButton.setAttribute("aria-expanded", "false");
    for (const toggle of [this.onlyChanged, this.onlyRefused, this.planButton])
      toggle.setAttribute("aria-pressed", "false");
    const tools = element("div", { class: "stcrm-tools", role: "toolbar", "aria-label": "Grid" });
    tools.append(
      this.title,
      this.find,
      this.onlyChanged,
      this.onlyRefused,
      this.undoButton,
      this.redoButton,
      this.planButton,
    );
    const area = element("div", { class: "stcrm-area" }, this.scroll, this.empty, this.editor);
    const bar = element("div", { class: "stcrm-bar" }, this.numbers, this.saved, this.helpButton);
    this.root.className = "stcrm-grid";
    this.root.dataset.lmSuppressShortcuts = "true"; // else JupyterLab runs its one-letter shortcuts
    const body = element("div", { class: "stcrm-body" }, area, this.panel);
    this.root.replaceChildren(tools, this.banner, this.message, body, this.note, bar, this.help);
    this.listen();
  }

  // ---- messages ----

  receive(message, buffers) {
    const { type } = message;
    if (type === "frame" && (!this.session || !message.client || message.client === this.client)) this.onFrame(message);
    else if (!this.session) return;
    else if (type === "column") this.onColumn(message, buffers);
    else if (type === "verdicts") this.onVerdicts(message);
    else if (type === "counts") this.onCounts(message);
    else if (type === "conflicts") this.onConflicts(message);
    else if (type === "plan") this.onPlan(message);
    else if (type === "failed") this.onFailed(message);
    else if (type === "pong" && message.client === this.client) this.onPong();
    else if (type === "gone") this.onGone();
  }

  onFrame(message) {
    this.session = message.session;
    this.box = boxOf(this.session);
    this.planned = message.plan !== false;
    this.planButton.hidden = this.onlyRefused.hidden = !this.planned;
    this.pins = message.key.length; // the key columns are the first ones
    const kept = new Map(this.columns.map((column) => [column.name, column.width]));
    this.columns = message.columns.map((meta, at) => {
      const column = new Column(meta, at);
      column.pinned = at < this.pins;
      column.locked ||= column.pinned || !message.editable;
      const least = Math.max(column.consent ? 24 : 0, Math.min(column.name.length + 2, 26));
      const letters = Math.max(column.width ?? WIDTHS[column.kind] ?? 20, least);
      column.width = kept.get(column.name) ?? Math.min(letters, 40) * 7.4 + 16;
      return column;
    });
    this.named = new Map(this.columns.map((column) => [column.name, column]));
    this.rows = message.rows;
    this.title.textContent = message.tenant ? `${message.title} · ${message.tenant}` : message.title;
    this.scroll.setAttribute("aria-colcount", this.columns.length);
    this.asked.clear();
    this.keys = null;
    this.order = Array.from({ length: this.rows }, (_, row) => row);
    this.buildHead();
    this.onConflicts(message);
    this.onCounts({ counts: message.counts });
    this.ask(this.columns.slice(0, this.pins + Math.ceil(this.scroll.clientWidth / 120)).map((column) => column.name));
    this.keepOutOfNotebook(message.model);
    this.repaint();
  }

  ask(names) {
    names = names.filter((name) => !this.asked.has(name));
    for (const name of names) this.asked.add(name);
    if (names.length) this.transmit({ type: "columns", client: this.client, names });
  }

  onColumn(message, buffers) {
    const column = this.named.get(message.name);
    if (!column || !this.asked.has(message.name)) return;
    column.load(message, buffers);
    if (!this.keys && this.columns.slice(0, this.pins).every((key) => key.loaded)) {
      this.keys = new Map();
      for (let row = 0; row < this.rows; row++) this.keys.set(this.keyOf(row), row);
      for (const key of this.columns.slice(0, this.pins)) {
        for (let row = 0; row < Math.min(this.rows, 200); row++) {
          key.width = Math.max(key.width, Math.min(key.confirmed(row).length, 36) * 9.3 + 14);
        }
      }
      this.buildHead();
      this.adopt();
    }
    if (this.filters.size || this.only || this.sort?.column === column) this.arrange();
    if ([...this.asked].every((name) => this.named.get(name).loaded)) {
      this.ask(
        this.columns
          .filter((c) => !this.asked.has(c.name))
          .slice(0, 6)
          .map((c) => c.name),
      );
    }
    this.repaint();
  }

  keyOf(row) {
    const parts = this.columns.slice(0, this.pins).map((column) => column.confirmed(row));
    return parts.length === 1 ? parts[0] : JSON.stringify(parts);
  }

  keyText(key) {
    return this.pins === 1 ? key : JSON.parse(key).join(", ");
  }

  // Take over what other views of this page, or this page before it was loaded again, did not get acknowledged.
  adopt() {
    let cells = 0;
    for (const batch of this.box.batches.values()) {
      for (const [key, name, , text] of batch.message.edits ?? []) {
        if (this.keys.has(key)) this.named.get(name)?.pending.set(this.keys.get(key), { text, id: batch.id });
        cells += batch.owner === null;
      }
      if (batch.owner === null) {
        batch.owner = this;
        this.deliver(batch);
      }
    }
    for (const [id, red] of this.box.rejected) {
      const [key, name] = JSON.parse(id);
      if (this.keys.has(key)) this.named.get(name)?.rejected.set(this.keys.get(key), red);
    }
    if (cells) this.say(`${plural(cells, "cell")} that had not been saved ${cells === 1 ? "was" : "were"} sent again.`);
    const draft = this.box.draft;
    // Without focus: the person may be working elsewhere.
    if (draft && !this.editing && this.keys.has(draft.key) && this.named.has(draft.column)) this.startEditor(draft);
  }

  onVerdicts(message) {
    const id = `${message.client} ${message.number}`;
    const batch = this.box.batches.get(id);
    let [rejected, accepted] = [0, 0];
    for (const [key, name, verdict, value, reason, original] of message.verdicts) {
      const [column, row] = [this.named.get(name), this.keys?.get(key)];
      if (!column || row === undefined) continue;
      const pending = column.pending.get(row);
      const answered = pending?.id === id;
      if (answered) column.pending.delete(row);
      if (!column.loaded) continue;
      column.fresh.set(row, value);
      if (verdict === "rejected" || verdict === "conflict") {
        rejected++;
        if (answered) this.redden(column, row, { text: pending.text, reason: reason ?? "" });
        continue;
      }
      accepted++;
      if (value === original) column.marks.delete(row);
      else column.marks.set(row, { original, status: verdict, reason });
    }
    if (batch?.message.edits) this.lastRejected = rejected && !accepted ? batch.message.edits : null;
    this.settle(id);
    if (message.counts) this.onCounts(message);
    else this.status();
    if (this.editing) this.placeEditor();
    this.planSoon();
    this.repaint();
  }

  redden(column, row, red) {
    if (!red && !column.rejected.has(row)) return;
    const id = JSON.stringify([this.keyOf(row), column.name]);
    if (red) column.rejected.set(row, red);
    else column.rejected.delete(row);
    if (red) this.box.rejected.set(id, red);
    else this.box.rejected.delete(id);
  }

  forget() {
    for (const batch of this.box.batches.values()) {
      if (batch.reason) this.settle(batch.id);
    }
    for (const column of this.columns) {
      for (const [row, { id }] of column.pending) if (!this.box.batches.has(id)) column.pending.delete(row);
    }
    this.status();
    this.repaint();
  }

  onPong() {
    for (const batch of this.box.batches.values()) {
      if (!batch.reason && Date.now() - batch.at > 10_000) this.deliver(batch); // the message was lost on the way
    }
  }

  onCounts(message) {
    this.counts = message.counts ?? message;
    this.undoButton.disabled = !this.counts.undo;
    this.redoButton.disabled = !this.counts.redo;
    this.status();
  }

  ping() {
    if (!this.box || this.gone || document.hidden) return;
    this.pinged = Date.now();
    this.transmit({ type: "ping", client: this.client, number: this.number });
  }

  // Called each second: is there an edit that Python has not acknowledged for too long?
  watch() {
    if (!this.box) return;
    const late = [...this.box.batches.values()].some((batch) => Date.now() - batch.at >= SLOW);
    if (late || (!document.hidden && Date.now() - this.pinged >= 10_000)) this.ping();
    if (late || this.box.batches.size || !this.banner.hidden) this.status();
  }

  status() {
    if (!this.box) return;
    const batches = [...this.box.batches.values()];
    const cells = batches.reduce((sum, batch) => sum + (batch.message.edits?.length ?? 1), 0);
    const unsaved = `${plural(cells, "change")} not saved`;
    const red = this.box.rejected.size;
    const { changed_cells: changed = 0, refused = 0, conflicts = 0 } = this.counts;
    const shown =
      this.order.length === this.rows
        ? plural(this.rows, "row")
        : `${this.order.length.toLocaleString("en-US")} of ${plural(this.rows, "row")}`;
    const parts = [shown, `${plural(changed, "cell")} changed`];
    if (refused) parts.push(`${refused.toLocaleString("en-US")} refused by the plan`);
    if (red) parts.push(`${red.toLocaleString("en-US")} not accepted`);
    if (conflicts) parts.push(plural(conflicts, "conflict"));
    put(this.numbers, parts.join(" · "));
    const settled = this.editing ? "Editing: Enter saves, Esc cancels" : "All changes saved";
    put(this.saved, batches.length ? unsaved : settled);
    this.saved.classList.toggle("stcrm-unsaved", batches.length > 0 || Boolean(this.editing));
    this.showBanner(unsaved, "grid");
  }

  say(words) {
    put(this.message, words);
    this.message.hidden = !words;
    clearTimeout(this.sayTimer);
    this.sayTimer = setTimeout(() => (this.message.hidden = true), 15_000);
  }

  // ---- sort, filter, find ----

  arrange() {
    const tests = [];
    for (const [name, filter] of this.filters) {
      const column = this.named.get(name);
      this.ask([name]);
      if (!column.loaded) continue;
      const holds = predicate(filter, column.kind);
      tests.push((row) => holds(column.now(row)));
    }
    if (this.only) {
      this.ask(this.columns.map((column) => column.name));
      const rows = new Set();
      for (const column of this.columns) {
        for (const [row, { status }] of column.marks)
          if (this.only === "changed" || status === "refused") rows.add(row);
        for (const row of column.rejected.keys()) rows.add(row);
      }
      tests.push((row) => rows.has(row));
    }
    const focus = this.order[this.active.at];
    const order = [];
    for (let row = 0; row < this.rows; row++) if (tests.every((holds) => holds(row))) order.push(row);
    if (this.sort) {
      const { column, down } = this.sort;
      this.ask([column.name]);
      if (column.loaded) {
        const compare = comparison(column.kind);
        const cells = new Map(order.map((row) => [row, column.now(row)]));
        const sign = down ? -1 : 1;
        order.sort((a, b) => {
          const [x, y] = [cells.get(a), cells.get(b)];
          if (x === null || y === null) return (x === null) - (y === null) || a - b; // blank cells last, both ways
          return sign * compare(x, y) || a - b;
        });
      }
    }
    this.order = order;
    const at = order.indexOf(focus);
    this.select(at === -1 ? 0 : at, this.active.column, false, at !== -1);
    this.scroll.setAttribute("aria-rowcount", order.length + 1);
    this.buildHead();
    this.status();
    this.repaint();
  }

  show(only) {
    this.only = this.only === only ? "" : only;
    this.onlyChanged.setAttribute("aria-pressed", String(this.only === "changed"));
    this.onlyRefused.setAttribute("aria-pressed", String(this.only === "refused"));
    this.arrange();
  }

  sortBy(column) {
    if (this.sort?.column !== column) this.sort = { column, down: false };
    else this.sort = this.sort.down ? null : { column, down: true };
    this.arrange();
    this.select(0, column.at);
  }

  filterBy(column, text) {
    if (text.trim()) this.filters.set(column.name, text);
    else this.filters.delete(column.name);
    this.arrange();
  }

  findNext(step) {
    const wanted = this.find.value.toLowerCase();
    if (!wanted || !this.order.length) return;
    this.ask(this.columns.map((column) => column.name));
    const columns = this.columns.length;
    const total = this.order.length * columns;
    let at = this.active.at * columns + this.active.column;
    for (let seenCells = 0; seenCells < total; seenCells++) {
      at = (at + step + total) % total;
      const [place, column] = [Math.floor(at / columns), this.columns[at % columns]];
      if (column.loaded && seen(column.now(this.order[place])).toLowerCase().includes(wanted)) {
        this.select(place, column.at);
        this.say("");
        return;
      }
    }
    this.say(`No cell contains “${this.find.value}”.`);
  }

  // ---- drawing ----

  buildHead() {
    const focused = this.head.contains(document.activeElement) ? document.activeElement.dataset : null;
    this.lefts = []; // one more than there are columns
    let left = 0;
    for (const column of this.columns) {
      this.lefts.push(left);
      left += column.width;
    }
    this.lefts.push(left);
    this.width = left;
    this.head.style.width = this.canvas.style.width = `${left}px`;
    this.head.replaceChildren(...this.columns.map((column) => this.headCell(column)));
    if (focused) this.head.querySelector(`[data-part="${focused.part}"][data-at="${focused.at}"]`)?.focus();
    this.headHeight = this.head.offsetHeight;
  }

  headCell(column) {
    const direction = this.sort?.column === column ? (this.sort.down ? "descending" : "ascending") : "none";
    const arrow = { ascending: " ▲", descending: " ▼", none: "" }[direction];
    const time = `time, ${column.zone ?? "no time zone"}`;
    const type = column.kind === "time" ? time : column.enum ? "one of a list" : column.kind;
    const limit = column.locked ? "read-only" : column.consent ? "only switches off" : "";
    const kind = column.pinned ? "key" : [type, limit].filter(Boolean).join(" · ");
    const words = [column.name, sentence(column.reason), sentence(column.note)].filter(Boolean).join(": ");
    const at = { "data-at": column.at, tabindex: "-1" };
    const sort = element("button", {
      ...at,
      type: "button",
      class: "stcrm-sort",
      title: words,
      "data-part": "sort",
      text: column.name + arrow,
    });
    const filter = element("input", {
      ...at,
      class: "stcrm-filter",
      "data-part": "filter",
      "aria-label": `Filter ${column.name}`,
      placeholder: "filter",
      title: "text: contains · =text: equals · = blank · <> not blank · >5, <=5: compares",
    });
    filter.value = this.filters.get(column.name) ?? "";
    const size = element("span", { class: "stcrm-size", "data-at": column.at, "aria-hidden": "true" });
    const cell = element(
      "div",
      {
        role: "columnheader",
        "aria-sort": direction,
        "aria-colindex": column.at + 1,
        class: `stcrm-headcell${column.pinned ? " stcrm-pinned" : ""}${column.locked ? " stcrm-locked" : ""}`,
      },
      sort,
      element("span", { class: "stcrm-kind", text: kind }),
      filter,
      size,
    );
    cell.style.width = `${column.width}px`;
    cell.style.left = `${this.lefts[column.at]}px`;
    return cell;
  }

  repaint() {
    this.version++;
    this.paint();
  }

  // The scrolled area stands for all rows; of a very tall frame it is shorter, and positions are scaled.
  get tall() {
    return this.order.length * ROW;
  }

  get room() {
    return Math.max(ROW, this.scroll.clientHeight - this.headHeight);
  }

  get top() {
    const high = Math.min(this.tall, TALLEST);
    return high === this.tall
      ? this.scroll.scrollTop
      : (this.scroll.scrollTop / (high - this.room)) * (this.tall - this.room);
  }

  set top(value) {
    const high = Math.min(this.tall, TALLEST);
    this.scroll.scrollTop = high === this.tall ? value : (value / (this.tall - this.room)) * (high - this.room);
  }

  paint() {
    if (!this.columns.length) return;
    this.canvas.style.height = `${Math.min(this.tall, TALLEST)}px`;
    const top = this.top;
    const shift = this.scroll.scrollTop - top;
    const first = Math.max(0, Math.floor(top / ROW) - 3);
    const last = Math.min(this.order.length, Math.ceil((top + this.room) / ROW) + 3);
    const from = this.scroll.scrollLeft + this.lefts[this.pins];
    const to = this.scroll.scrollLeft + this.scroll.clientWidth;
    const columns = this.columns.filter(
      (column, at) => column.pinned || (this.lefts[at] + column.width > from && this.lefts[at] < to),
    );
    this.ask(columns.map((column) => column.name));
    const span = `${columns[this.pins]?.at} ${columns.length}`;
    const slots = Math.max(this.pool.length, last - first);
    if (slots !== this.pool.length) this.version++; // rows change their slots
    while (this.pool.length < slots) {
      const line = element("div", { role: "row", class: "stcrm-row" });
      this.pool.push(line);
      this.canvas.append(line);
    }
    const used = new Set();
    for (let at = first; at < last; at++) {
      const line = this.pool[at % slots];
      used.add(line);
      const drawn = `${at} ${this.order[at]} ${span} ${this.version} ${shift}`;
      if (line.drawn === drawn) continue;
      line.drawn = drawn;
      line.hidden = false;
      line.style.transform = `translateY(${at * ROW + shift}px)`;
      line.style.width = `${this.width}px`;
      line.setAttribute("aria-rowindex", at + 2);
      while (line.children.length > columns.length) line.lastChild.remove();
      while (line.children.length < columns.length) line.append(element("div", { role: "gridcell" }));
      columns.forEach((column, index) => this.fill(line.children[index], column, at));
    }
    for (const line of this.pool) {
      if (used.has(line)) continue;
      line.hidden = true;
      line.drawn = null;
    }
    const active = this.columns[this.active.column];
    const drawn = this.order.length && columns.includes(active) && this.active.at >= first && this.active.at < last;
    if (drawn) this.scroll.setAttribute("aria-activedescendant", this.cellId(this.active.at, active));
    else this.scroll.removeAttribute("aria-activedescendant");
    put(this.empty, this.rows ? "No row matches the filters." : "The DataFrame has no rows.");
    this.empty.hidden = this.order.length > 0;
    this.describe();
    if (this.editing) this.placeEditor();
  }

  cellId(at, column) {
    return `${this.uid}-${this.order[at]}-${column.at}`;
  }

  fill(cell, column, at) {
    const row = this.order[at];
    const classes = ["stcrm-cell"];
    let [text, words] = ["…", "Loading."];
    cell.removeAttribute("data-check");
    if (column.loaded) {
      const value = column.now(row);
      const [state, why] = column.state(row);
      text = seen(value);
      words = why;
      if (state) classes.push(`stcrm-${state}`);
      if (text.length > 30 && !words) words = text.slice(0, 1_000);
      if (value === "") classes.push("stcrm-faint");
      if (column.kind === "boolean" && (value === null || value === "true" || value === "false")) {
        cell.dataset.check = value ?? "blank";
        text = "";
        cell.setAttribute("aria-label", value ?? "blank");
      } else cell.removeAttribute("aria-label");
    }
    if (column.kind === "integer" || column.kind === "number") classes.push("stcrm-number");
    if (column.pinned) classes.push("stcrm-pinned");
    const { top, bottom, left, right } = this.selection();
    const selected = at >= top && at <= bottom && column.at >= left && column.at <= right;
    if (selected && (top !== bottom || left !== right)) classes.push("stcrm-selected");
    if (at === this.active.at && column.at === this.active.column) classes.push("stcrm-active");
    put(cell, oneLine(column.kind === "time" ? shortTime(text) : text));
    const name = classes.join(" ");
    if (cell.className !== name) cell.className = name;
    cell.id = this.cellId(at, column);
    cell.at = at;
    cell.column = column.at;
    cell.style.left = `${this.lefts[column.at]}px`;
    cell.style.width = `${column.width}px`;
    cell.title = words;
    cell.setAttribute("aria-colindex", column.at + 1);
    cell.setAttribute("aria-selected", String(selected));
    cell.setAttribute("aria-readonly", String(Boolean(column.locked)));
    if (words) cell.setAttribute("aria-description", words);
    else cell.removeAttribute("aria-description");
  }

  // The line below the cells: what hover shows, also without a mouse.
  describe() {
    const column = this.columns[this.active.column];
    const row = this.order[this.active.at];
    if (row === undefined || !column.loaded || !this.keys) return put(this.note, "");
    const [, words] = column.state(row);
    const text = oneLine(seen(column.now(row))) || "blank";
    return put(this.note, `${column.name} of ${this.keyText(this.keyOf(row))}: ${text}${words ? `. ${words}` : ""}`);
  }

  // ---- selection ----

  selection() {
    const [a, b] = [this.anchor, this.active];
    return {
      top: Math.min(a.at, b.at),
      bottom: Math.max(a.at, b.at),
      left: Math.min(a.column, b.column),
      right: Math.max(a.column, b.column),
    };
  }

  select(at, column, extend = false, reveal = true) {
    at = Math.max(0, Math.min(at, this.order.length - 1));
    column = Math.max(0, Math.min(column, this.columns.length - 1));
    this.active = { at, column };
    if (!extend) this.anchor = { at, column };
    if (reveal) this.reveal(at, column);
    this.repaint();
  }

  selectAll() {
    this.anchor = { at: this.order.length - 1, column: this.columns.length - 1 };
    this.active = { at: 0, column: 0 };
    this.repaint();
  }

  reveal(at, column) {
    const top = this.top;
    if (at * ROW < top) this.top = at * ROW;
    else if ((at + 1) * ROW > top + this.room) this.top = (at + 1) * ROW - this.room;
    if (column < this.pins) return;
    const pinned = this.lefts[this.pins];
    const { scrollLeft, clientWidth } = this.scroll;
    const [left, right] = [this.lefts[column], this.lefts[column] + this.columns[column].width];
    if (left < scrollLeft + pinned) this.scroll.scrollLeft = left - pinned;
    else if (right > scrollLeft + clientWidth) this.scroll.scrollLeft = Math.min(right - clientWidth, left - pinned);
  }

  selected() {
    const { top, bottom, left, right } = this.selection();
    return { rows: this.order.slice(top, bottom + 1), columns: this.columns.slice(left, right + 1), top, left };
  }

  // ---- edits ----

  // `cells`: [row, column, text]. Sends what differs; says what it left out.
  edit(cells) {
    if (this.gone) return this.say("This grid was replaced by a newer one. Edit in the newer one.");
    this.say("");
    const left = new Map();
    const edits = [];
    for (const [row, column, typed] of cells) {
      const text = column.kind === "boolean" && typed !== null ? typed.trim().toLowerCase() : typed;
      const now = column.now(row);
      if (text === now && !column.rejected.has(row)) continue;
      if (column.locked || !column.loaded) {
        left.set(column, (left.get(column) ?? 0) + 1);
        continue;
      }
      this.redden(column, row, null);
      if (text === now || (!column.pending.has(row) && text === column.confirmed(row))) continue;
      if (text !== null && text.length > LONGEST) {
        this.redden(column, row, { text, reason: "The text is too long for one cell (4 million characters at most)." });
        continue;
      }
      edits.push([row, column, text]);
    }
    this.send(edits);
    for (const [column, count] of left) {
      const why = column.locked ? sentence(column.reason, "It is read-only.") : "It is still loading.";
      this.say(`${plural(count, "cell")} of ${column.name} ${count === 1 ? "was" : "were"} not changed. ${why}`);
    }
    this.repaint();
  }

  send(edits) {
    const group = `${this.client} ${this.number + 1}`;
    const encoder = new TextEncoder();
    let batch = [];
    let size = 0;
    const flush = () => {
      if (!batch.length) return;
      const id = `${this.client} ${this.number + 1}`;
      for (const [row, column, text] of batch) column.pending.set(row, { text, id });
      const lines = batch.map(([row, column, text]) => [this.keyOf(row), column.name, column.confirmed(row), text]);
      this.post({ type: "edit", group, edits: lines });
      [batch, size] = [[], 0];
    };
    for (const edit of edits) {
      const [row, column, text] = edit;
      const bytes = encoder.encode(JSON.stringify([column.name, column.confirmed(row), text])).length + 40;
      if (size + bytes > BATCH) flush();
      batch.push(edit);
      size += bytes;
    }
    flush();
  }

  fits(count) {
    if (count <= MOST) return true;
    this.say(
      `That would change ${count.toLocaleString("en-US")} cells. At most ${MOST.toLocaleString("en-US")} can be changed at once.`,
    );
    return false;
  }

  setAll(make) {
    const { rows, columns } = this.selected();
    if (!this.fits(rows.length * columns.length)) return;
    this.edit(rows.flatMap((row) => columns.map((column) => [row, column, make(row, column)])));
  }

  fillDown() {
    const { top, bottom } = this.selection();
    if (top === bottom && top > 0) {
      const above = this.order[top - 1];
      this.setAll((_, column) => (column.loaded ? column.now(above) : null));
    } else {
      const first = this.order[top];
      this.setAll((_, column) => (column.loaded ? column.now(first) : null));
    }
  }

  copyText() {
    const { rows, columns } = this.selected();
    if (columns.some((column) => !column.loaded)) return null;
    const text = (row, column) => {
      const cell = column.now(row);
      if (column.kind === "boolean" && cell !== null) return cell.toUpperCase();
      return column.kind === "text" ? mark(seen(cell)) : seen(cell);
    };
    return writeBlock(rows.map((row) => columns.map((column) => text(row, column))));
  }

  paste(text) {
    const block = readBlock(text);
    const { top, bottom, left, right } = this.selection();
    const single = block.length === 1 && block[0].length === 1;
    if (single) {
      const value = wire(block[0][0]);
      return this.setAll(() => value);
    }
    const wide = Math.max(...block.map((cells) => cells.length));
    if (!this.fits(block.length * wide)) return undefined;
    const cells = [];
    let outside = 0;
    block.forEach((line, down) =>
      line.forEach((cell, along) => {
        const [row, column] = [this.order[top + down], this.columns[left + along]];
        if (row === undefined || !column) outside++;
        else cells.push([row, column, wire(cell)]);
      }),
    );
    this.anchor = { at: top, column: left };
    this.active = {
      at: Math.min(Math.max(bottom, top + block.length - 1), this.order.length - 1),
      column: Math.min(Math.max(right, left + wide - 1), this.columns.length - 1),
    };
    this.edit(cells);
    if (outside)
      this.say(
        `${plural(outside, "cell")} of the block did not fit into the grid and ${outside === 1 ? "was" : "were"} left out.`,
      );
    return undefined;
  }

  undo() {
    if (this.lastRejected) {
      for (const [key, name] of this.lastRejected) this.redden(this.named.get(name), this.keys.get(key), null);
      this.lastRejected = null;
      this.status();
      this.repaint();
    } else this.post({ type: "undo" });
  }

  // ---- the editor: outside role=grid, above the cell, and kept when the cell moves ----

  open(text = null) {
    const column = this.columns[this.active.column];
    const row = this.order[this.active.at];
    if (row === undefined || !column.loaded) return;
    if (column.locked) return this.say(`${column.name}: ${sentence(column.reason, "Read-only.")}`);
    if (this.gone) return this.say("This grid was replaced by a newer one. Edit in the newer one.");
    const shown = seen(column.now(row));
    this.startEditor({ key: this.keyOf(row), column: column.name, text: text ?? shown });
    this.input.focus();
    this.input.select?.();
    if (text === null) this.input.setSelectionRange?.(shown.length, shown.length);
  }

  startEditor(draft) {
    const column = this.named.get(draft.column);
    this.editing = { key: draft.key, name: draft.column };
    this.box.draft = draft;
    put(this.editorLabel, `${column.name} of ${this.keyText(draft.key)}`);
    if (column.enum) {
      const options = [...new Set(["", ...column.enum, draft.text])];
      this.input = element("select", { size: Math.min(options.length, 8) });
      for (const option of options) this.input.append(element("option", { value: option, text: option || "(blank)" }));
    } else this.input = element("textarea", { rows: draft.text.split("\n").length, spellcheck: "false" });
    this.input.setAttribute("aria-label", `${column.name} of ${this.keyText(draft.key)}`);
    this.input.value = draft.text;
    this.input.addEventListener("input", () => {
      this.box.draft = { ...draft, text: this.input.value };
      this.input.rows = this.input.value.split("\n").length;
    });
    if (column.enum) this.input.addEventListener("click", () => this.commit(0, 0));
    this.editor.replaceChildren(this.editorLabel, this.input);
    this.editor.hidden = false;
    this.placeEditor();
    this.status();
  }

  placeEditor() {
    const column = this.named.get(this.editing.name);
    const row = this.keys?.get(this.editing.key); // unknown while a new frame loads
    if (row === undefined || !column) return;
    const at = this.order.indexOf(row);
    const area = this.scroll;
    const top = at === -1 ? -1 : at * ROW - this.top;
    const left = this.lefts[column.at] - area.scrollLeft;
    const inside = top >= 0 && top < this.room && left >= this.lefts[this.pins] - 1 && left < area.clientWidth - 30;
    const wide = Math.min(Math.max(column.width, 180), area.clientWidth - 8);
    this.editor.classList.toggle("stcrm-away", !inside); // the label says which cell it is
    this.editor.style.width = `${wide}px`;
    const lowest = Math.max(0, area.clientHeight - this.headHeight - this.editor.offsetHeight);
    this.editor.style.top = `${this.headHeight + Math.max(0, Math.min(top, lowest))}px`;
    this.editor.style.left = `${Math.max(0, Math.min(left, area.clientWidth - wide - 4))}px`;
  }

  commit(down, along) {
    const column = this.named.get(this.editing.name);
    const row = this.keys?.get(this.editing.key);
    if (row === undefined || !column?.loaded) return this.say("The rows are loading. Save again in a moment.");
    if (this.gone) return this.say("This grid was replaced by a newer one. Edit in the newer one.");
    const text = withLineEnds(this.input.value, seen(column.now(row)));
    this.stopEditor();
    this.edit([[row, column, wire(text)]]);
    const at = this.order.indexOf(row);
    if (at !== -1) this.select(at + down, column.at + along);
    return this.scroll.focus({ preventScroll: true });
  }

  stopEditor() {
    this.editing = null;
    this.box.draft = null;
    this.editor.hidden = true;
    this.status();
  }

  // ---- keys, mouse, clipboard ----

  listen() {
    const { root, scroll } = this;
    // What is typed here concerns neither the notebook nor the browser's page.
    for (const type of ["keydown", "keyup", "keypress", "paste", "copy", "cut", "contextmenu"]) {
      root.addEventListener(type, (event) => event.stopPropagation());
    }
    scroll.addEventListener("scroll", () => {
      this.frameAsked ??= requestAnimationFrame(() => {
        this.frameAsked = null;
        this.paint();
      });
    });
    scroll.addEventListener("keydown", (event) => event.target === scroll && this.onKey(event));
    this.head.addEventListener("keydown", (event) => this.onHeadKey(event));
    this.head.addEventListener("input", (event) => {
      const column = this.columns[event.target.dataset.at];
      clearTimeout(this.filterTimer);
      this.filterTimer = setTimeout(() => this.filterBy(column, event.target.value), 250);
    });
    this.head.addEventListener("click", (event) => {
      const { part, at } = event.target.dataset;
      if (part === "sort") this.sortBy(this.columns[at]);
    });
    this.head.addEventListener("pointerdown", (event) => {
      if (event.target.className === "stcrm-size") this.resizeColumn(event);
    });
    this.find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.findNext(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape" || event.key === "ArrowDown") scroll.focus({ preventScroll: true });
      else return;
      event.preventDefault();
    });
    this.editor.addEventListener("keydown", (event) => this.onEditorKey(event));
    this.canvas.addEventListener("pointerdown", (event) => this.onPointer(event));
    this.canvas.addEventListener("dblclick", () => this.open());
    scroll.addEventListener("copy", (event) => this.onCopy(event));
    scroll.addEventListener("cut", (event) => this.onCopy(event) && this.setAll(() => null));
    scroll.addEventListener("paste", (event) => {
      if (event.target !== scroll) return;
      event.preventDefault();
      this.paste(event.clipboardData.getData("text/plain"));
    });
  }

  onCopy(event) {
    if (event.target !== this.scroll || !this.order.length) return false;
    const text = this.copyText();
    if (text === null) return this.say("These columns are still loading. Copy again in a moment.");
    event.preventDefault();
    event.clipboardData.setData("text/plain", text);
    const { rows, columns } = this.selected();
    this.say(`${plural(rows.length * columns.length, "cell")} copied.`);
    return true;
  }

  onPointer(event) {
    const cell = event.target.closest(".stcrm-cell");
    if (!cell || event.button !== 0) return;
    event.preventDefault(); // else the browser selects text
    if (this.editing) this.commit(0, 0);
    const same = cell.at === this.active.at && cell.column === this.active.column;
    const focused = document.activeElement === this.scroll;
    this.scroll.focus({ preventScroll: true });
    this.select(cell.at, cell.column, event.shiftKey);
    if (same && focused && cell.dataset.check) this.toggle();
    else if (same && focused && event.pointerType === "touch") this.open();
    if (event.pointerType === "touch") return;
    const move = (moved) => {
      const over = document.elementFromPoint(moved.clientX, moved.clientY)?.closest(".stcrm-cell");
      if (over && this.canvas.contains(over) && (over.at !== this.active.at || over.column !== this.active.column)) {
        this.select(over.at, over.column, true);
      }
    };
    const stop = new AbortController();
    addEventListener("pointermove", move, stop);
    addEventListener("pointerup", () => stop.abort(), stop);
  }

  resizeColumn(event) {
    event.preventDefault();
    const column = this.columns[event.target.dataset.at];
    const [start, width] = [event.clientX, column.width];
    const stop = new AbortController();
    addEventListener(
      "pointermove",
      (moved) => {
        column.width = Math.max(50, width + moved.clientX - start);
        this.buildHead();
        this.repaint();
      },
      stop,
    );
    addEventListener("pointerup", () => stop.abort(), stop);
  }

  toggle() {
    this.setAll((row, column) => {
      const now = column.now(row);
      if (column.kind !== "boolean") return now;
      return now === "true" ? "false" : now === "false" && column.nullable !== false ? null : "true";
    });
  }

  onKey(event) {
    const { key, shiftKey: shift } = event;
    const control = event.ctrlKey || event.metaKey;
    const { at, column } = this.active;
    const [lastRow, lastColumn] = [this.order.length - 1, this.columns.length - 1];
    const pages = Math.max(1, Math.floor(this.room / ROW) - 1);
    const moves = {
      ArrowUp: [control ? 0 : at - 1, column],
      ArrowDown: [control ? lastRow : at + 1, column],
      ArrowLeft: [at, control ? 0 : column - 1],
      ArrowRight: [at, control ? lastColumn : column + 1],
      PageUp: [at - pages, column],
      PageDown: [at + pages, column],
      Home: [control ? 0 : at, 0],
      End: [control ? lastRow : at, lastColumn],
    };
    if (key === "ArrowUp" && at === 0 && !shift && !control) this.toFilter(column);
    else if (moves[key]) this.select(...moves[key], shift);
    else if (key === "Tab") {
      const next = at * (lastColumn + 1) + column + (shift ? -1 : 1);
      if (next < 0 || next > lastRow * (lastColumn + 1) + lastColumn) return; // leaves the grid
      this.select(Math.floor(next / (lastColumn + 1)), next % (lastColumn + 1));
    } else if (key === "F2" || (key === "Enter" && !control)) this.open();
    else if (key === "Delete" || key === "Backspace") this.setAll(() => null);
    else if (key === "Escape") this.escape();
    else if (key === " " && this.columns[column]?.kind === "boolean") this.toggle();
    else if (control && !event.altKey) {
      const act = {
        a: () => this.selectAll(),
        d: () => this.fillDown(),
        f: () => this.find.select(),
        s: () => this.say("Edits are saved as you make them. To save the notebook, click outside the grid first."),
        y: () => this.post({ type: "redo" }),
        z: () => (shift ? this.post({ type: "redo" }) : this.undo()),
      }[key.toLowerCase()];
      if (!act) return; // copy, cut and paste come as events of their own
      act();
    } else if ((key.length === 1 || key === "Dead" || key === "Process") && !event.altKey) {
      this.open(this.columns[column].enum ? null : ""); // the character goes into the editor, which has the focus now
      return;
    } else return;
    event.preventDefault();
  }

  escape() {
    const column = this.columns[this.active.column];
    const row = this.order[this.active.at];
    if (!column?.rejected.has(row)) return this.helpButton.focus();
    this.redden(column, row, null);
    this.status();
    return this.repaint();
  }

  toFilter(at, part = "filter") {
    this.reveal(this.active.at, at);
    this.head.querySelector(`[data-part="${part}"][data-at="${at}"]`)?.focus();
  }

  onHeadKey(event) {
    const { part, at } = event.target.dataset;
    const { key } = event;
    if (key === "ArrowUp" && part === "filter") this.toFilter(at, "sort");
    else if (key === "ArrowDown" && part === "sort") this.toFilter(at);
    else if (key === "ArrowDown" || key === "Escape" || (key === "Enter" && part === "filter")) {
      if (part === "filter") {
        clearTimeout(this.filterTimer);
        this.filterBy(this.columns[at], event.target.value);
      }
      this.scroll.focus({ preventScroll: true });
    } else if (part === "sort" && (key === "ArrowLeft" || key === "ArrowRight")) {
      const next = Math.max(0, Math.min(+at + (key === "ArrowLeft" ? -1 : 1), this.columns.length - 1));
      this.toFilter(next, "sort");
    } else return;
    event.preventDefault();
  }

  onEditorKey(event) {
    const { key } = event;
    if (event.isComposing) return;
    if (key === "Escape") {
      this.stopEditor();
      this.scroll.focus({ preventScroll: true });
    } else if (key === "Enter" && (event.altKey || event.shiftKey) && this.input.setRangeText) {
      this.input.setRangeText("\n", this.input.selectionStart, this.input.selectionEnd, "end");
      this.input.dispatchEvent(new Event("input"));
    } else if (key === "Enter") this.commit(1, 0);
    else if (key === "Tab") this.commit(0, event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
  }

  // ---- plan and conflicts ----

  togglePanel(open = this.panel.hidden) {
    this.panel.hidden = !open;
    this.planButton.setAttribute("aria-pressed", String(open));
    this.drawPanel();
    if (open && this.planned) this.transmit({ type: "plan", client: this.client });
    this.paint();
  }

  planSoon() {
    clearTimeout(this.planTimer);
    if (this.panel.hidden || !this.planned) return;
    this.planTimer = setTimeout(() => this.transmit({ type: "plan", client: this.client }), 400);
  }

  onPlan(message) {
    this.plan = message;
    this.drawPanel();
  }

  onConflicts(message) {
    this.conflicts = message.conflicts ?? [];
    this.absent = message.absent ?? [];
    const some = this.conflicts.length + this.absent.length > 0;
    if (some && this.panel.hidden) this.togglePanel(true);
    else if (!some && !this.planned && !this.panel.hidden) this.togglePanel(false);
    else this.drawPanel();
  }

  drawPanel() {
    if (this.panel.hidden) return;
    const parts = [];
    const { plan } = this;
    if (this.planned) parts.push(element("h3", { text: "Plan" }));
    if (this.planned && !plan) parts.push(element("p", { text: "Loading." }));
    if (this.planned && plan) {
      const figures = element("p", { class: "stcrm-figures" });
      figures.textContent = [
        plural(plan.calls, "request"),
        plural(plan.cells, "cell"),
        `${plan.refusals.toLocaleString("en-US")} refused`,
      ].join(" · ");
      const html = element("div", {
        class: "stcrm-plan",
        tabindex: "0",
        role: "region",
        "aria-label": "Summary of the plan",
      });
      html.innerHTML = plan.html ?? ""; // Python escapes every value
      parts.push(
        figures,
        html,
        element("button", {
          type: "button",
          text: "Show the plan below",
          title: "Show the plan in an output below the grid",
          onclick: () => this.transmit({ type: "show_plan", client: this.client, number: this.number }),
        }),
        element("p", {
          class: "stcrm-small",
          text: "Nothing is sent from here. To send it, run plan = grid.plan() and then plan.apply().",
        }),
      );
    }
    if (this.conflicts.length) {
      parts.push(element("h3", { text: plural(this.conflicts.length, "conflict") }));
      parts.push(element("p", { text: "These edits are not applied. Keep one value of each cell." }));
      const list = element("ul");
      for (const { key, column, mine, theirs, reason } of this.conflicts.slice(0, 200)) {
        const take = (which) =>
          element("button", {
            type: "button",
            text: which === "mine" ? "Keep mine" : "Keep theirs",
            "aria-label": `Keep ${which}: ${column} of ${this.keyText(key)}`,
            onclick: () => this.post({ type: "resolve", key, column, take: which }),
          });
        list.append(
          element(
            "li",
            {},
            element("strong", { text: `${column} of ${this.keyText(key)}` }),
            element("div", { text: `mine: ${oneLine(seen(mine)) || "blank"}` }),
            element("div", { text: `theirs: ${oneLine(seen(theirs)) || "blank"}` }),
            element("div", { text: sentence(reason) }),
            take("mine"),
            " ",
            take("theirs"),
          ),
        );
      }
      parts.push(list);
    }
    if (this.absent.length) {
      parts.push(element("h3", { text: `${plural(this.absent.length, "edit")} without a cell` }));
      parts.push(element("p", { text: "These edits stay in the log, and are not applied." }));
      const list = element("ul");
      for (const { key, column, new: text, reason } of this.absent.slice(0, 200)) {
        const what = `${column} of ${this.keyText(key)}: ${oneLine(seen(text)) || "blank"}`;
        list.append(element("li", { text: `${what}. ${sentence(reason)}` }));
      }
      parts.push(list);
    }
    this.panel.replaceChildren(...parts);
  }
}

export default {
  render({ model, el }) {
    const root = document.createElement("div");
    el.append(root);
    const grid = new Grid(model, root);
    return () => grid.close();
  },
};
