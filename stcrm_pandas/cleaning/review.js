// The review in JupyterLab: shows one pair of customers at a time and sends each decision to Python.
// A decision counts as saved only when Python has acknowledged it.

const VERDICTS = [
  ["same", "s", "Same (S)", "Both are the same customer"],
  ["different", "d", "Different (D)", "They are two customers"],
  ["later", "l", "Later (L)", "Show the pair again in the next review"],
];

class Review extends Channel {
  constructor(model, root) {
    super(model, root);
    this.verdicts = new Map(); // "id_1/id_2" -> acknowledged verdict
    this.build();
    this.transmit({ type: "open", client: this.client });
  }

  build() {
    const button = (text, title, click) => element("button", { type: "button", title, onclick: click, text });
    this.place = element("strong", { class: "stcrm-title", id: `${this.uid}-title`, role: "status" });
    this.back = button("Back (B)", "Show the previous pair (B or Arrow Left)", () => this.go(this.at - 1));
    this.next = button("Next", "Show the next pair (Arrow Right)", () => this.go(this.at + 1));
    this.buttons = VERDICTS.map(([verdict, , text, title]) => button(text, title, () => this.decide(verdict)));
    for (const choice of this.buttons) choice.setAttribute("aria-pressed", "false");
    const tools = element("div", { class: "stcrm-tools", role: "toolbar", "aria-label": "Decision" });
    tools.append(this.place, this.back, ...this.buttons, this.next);
    this.reason = element("p", { class: "stcrm-reason" });
    this.table = element("div", { class: "stcrm-pair" });
    this.bar = element("progress", { "aria-label": "Decided pairs", max: "1", value: "0" });
    this.numbers = element("span", { class: "stcrm-numbers" });
    this.saved = element("span", { class: "stcrm-saved", role: "status" });
    this.root.className = "stcrm-grid stcrm-review";
    this.root.dataset.lmSuppressShortcuts = "true"; // else JupyterLab runs its one-letter shortcuts
    const attributes = { tabindex: "0", role: "group", "aria-label": "Review of duplicate customers" };
    for (const [name, value] of Object.entries(attributes)) this.root.setAttribute(name, value);
    const line = element("div", { class: "stcrm-bar" }, this.bar, this.numbers, this.saved);
    this.root.replaceChildren(tools, this.makeBanner("decisions"), this.reason, this.table, line);
    for (const type of ["keydown", "keyup", "keypress"]) {
      this.root.addEventListener(type, (event) => event.stopPropagation());
    }
    this.root.addEventListener("keydown", (event) => this.onKey(event));
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    const verdict = VERDICTS.find(([, letter]) => letter === key)?.[0];
    if (verdict) this.decide(verdict);
    else if (key === "b" || key === "arrowleft") this.go(this.at - 1);
    else if (key === "arrowright") this.go(this.at + 1);
    else return;
    event.preventDefault();
  }

  go(at) {
    if (!this.box || at < 0 || at > this.total) return;
    this.at = at;
    this.pair = null; // no decision before the pair is on the screen
    this.transmit({ type: "show", client: this.client, at });
  }

  decide(verdict) {
    if (!this.pair || this.gone) return;
    const { ids, compared } = this.pair;
    this.post({ type: "decide", ids, compared, verdict });
    this.go(this.at + 1);
  }

  receive(message) {
    const { type } = message;
    const mine = !message.client || message.client === this.client;
    if (type === "review" && mine) this.onReview(message);
    else if (!this.box) return;
    else if (type === "pair" && mine && message.at === this.at) this.onPair(message);
    else if (type === "verdicts") this.onVerdicts(message);
    else if (type === "failed") this.onFailed(message);
    else if (type === "gone") this.onGone();
  }

  onReview(message) {
    this.session = message.session;
    this.box = boxOf(this.session);
    this.total = message.total;
    this.counts = message.counts;
    this.keepOutOfNotebook(message.model);
    for (const batch of this.box.batches.values()) {
      if (batch.owner !== null) continue;
      batch.owner = this; // what this page did not get acknowledged before it was loaded again
      this.deliver(batch);
    }
    this.go(message.at);
    this.status();
  }

  onPair(message) {
    this.pair = message.pair;
    const pair = message.pair;
    const waiting = [...this.box.batches.values()].findLast((batch) => `${batch.message.ids}` === `${pair?.ids}`);
    const verdict = waiting?.message.verdict ?? message.verdict;
    for (const [place, choice] of this.buttons.entries()) {
      choice.setAttribute("aria-pressed", String(VERDICTS[place][0] === verdict));
      choice.disabled = !pair;
    }
    this.back.disabled = this.at === 0;
    this.next.disabled = !pair;
    put(this.place, pair ? `Pair ${(this.at + 1).toLocaleString("en-US")} of ${this.total.toLocaleString("en-US")}` : "No more pairs");
    put(this.reason, pair ? `${pair.reason}.` : "All pairs were shown. The next review shows the pairs for later again.");
    this.table.replaceChildren(...(pair ? [this.pairTable(pair)] : []));
  }

  pairTable(pair) {
    const cell = (values) =>
      element(
        "td",
        {},
        ...values.map(([text, agrees]) =>
          agrees
            ? element("div", {}, element("mark", { text }), element("span", { class: "stcrm-agrees", text: " agrees" }))
            : element("div", { text }),
        ),
      );
    const heads = pair.ids.map((id) => element("th", { scope: "col", text: `Customer ${id}` }));
    const rows = pair.lines.map(([label, first, second]) =>
      element("tr", {}, element("th", { scope: "row", text: label }), cell(first), cell(second)),
    );
    return element(
      "table",
      {},
      element("thead", {}, element("tr", {}, element("td"), ...heads)),
      element("tbody", {}, ...rows),
    );
  }

  onVerdicts(message) {
    this.counts = message.counts;
    this.settle(`${message.client} ${message.number}`);
    this.status();
  }

  forget() {
    for (const batch of this.box.batches.values()) if (batch.reason) this.settle(batch.id);
    this.status();
    this.go(this.at);
  }

  watch() {
    if (this.box?.batches.size) this.status();
  }

  status() {
    if (!this.box) return;
    const { decided, later } = this.counts;
    const waiting = this.box.batches.size;
    this.bar.max = Math.max(this.total, 1);
    this.bar.value = decided;
    put(this.numbers, `${decided.toLocaleString("en-US")} of ${plural(this.total, "pair")} decided · ${later.toLocaleString("en-US")} for later`);
    const unsaved = `${plural(waiting, "decision")} not saved`;
    put(this.saved, waiting ? unsaved : "All decisions saved");
    this.saved.classList.toggle("stcrm-unsaved", waiting > 0);
    this.showBanner(unsaved, "review");
  }
}

export default {
  render({ model, el }) {
    const root = document.createElement("div");
    el.append(root);
    const review = new Review(model, root);
    return () => review.close();
  },
};
