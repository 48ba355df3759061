// The grid in JupyterLab: shows a frame, sends each edit to Python, and shows what Python answers.
// An edit counts as saved only when Python has acknowledged it. Rows are found by key, never by position.
// The widget joins the files of this folder, in the order of its table, to one module: this file is the last one.

const PARTS = [Rows, Filters, Drawing, SelectedCells, Edits, CopyAndPaste, Editor, Input, Panel];

/** @type {any} */
const View = PARTS.reduce((base, part) => part(base), /** @type {any} */ (Channel));

class Grid extends View {
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
}

export default {
  render({ model, el }) {
    const root = document.createElement("div");
    el.append(root);
    const grid = new Grid(model, root);
    return () => grid.close();
  },
};
