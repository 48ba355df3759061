// What the views of this package share: what a person does counts as saved only when Python has acknowledged it.
// The widgets put this file before their own.

const SLOW = 3_000; // milliseconds without an answer until the banner appears

const plural = (count, one) => `${count.toLocaleString("en-US")} ${one}${count === 1 ? "" : "s"}`;
const sentence = (words, other = "") =>
  (words || other).replace(/^[a-z]/, (letter) => letter.toUpperCase()).replace(/([^.!?])$/, "$1.");
const put = (place, text) => place.textContent !== text && (place.textContent = text);

function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// ---- what one browser page holds across views: batches without an answer, open editors, rejected texts ----

/** @type {{ boxes: Map<string, any> }} */
const page = (globalThis[Symbol.for("stcrm_pandas.grid")] ??= { boxes: new Map() });
const STORED = "stcrm_pandas.grid ";

function boxOf(session) {
  if (!page.boxes.has(session)) {
    page.boxes.set(session, { batches: new Map(), rejected: new Map(), draft: null });
  }
  const box = page.boxes.get(session);
  try {
    const names = Object.keys(sessionStorage).filter((name) => name.startsWith(`${STORED}${session} `));
    const messages = names.map((name) => JSON.parse(sessionStorage.getItem(name)));
    for (const message of messages.sort((a, b) => a.number - b.number)) {
      const id = `${message.client} ${message.number}`;
      if (!box.batches.has(id)) box.batches.set(id, { id, message, at: Date.now(), owner: null });
    }
  } catch {
    // storage can be switched off: then only this page remembers
  }
  return box;
}

// ---- a view and its messages ----

class Channel {
  /** @type {any} The batches of its session without an answer, known once Python has sent what it shows. */
  box;
  /** @type {string} */
  session;

  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.client = Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
    this.uid = `stcrm-${this.client}`;
    this.number = 0;
    this.received = (message, buffers) => this.receive(message, buffers);
    model.on("msg:custom", this.received);
    this.timer = setInterval(() => this.watch(), 1_000);
    this.leaving = (event) => this.box?.batches.size && event.preventDefault();
    addEventListener("beforeunload", this.leaving);
  }

  close() {
    this.model.off("msg:custom", this.received);
    clearInterval(this.timer);
    removeEventListener("beforeunload", this.leaving);
    for (const batch of this.box?.batches.values() ?? []) if (batch.owner === this) batch.owner = null;
  }

  // What a view does with a message of Python, to show what is not saved, each second, and to discard it.
  receive(message, buffers) {}
  status() {}
  watch() {}
  forget() {}

  transmit(message) {
    try {
      this.model.send(message);
      return true;
    } catch {
      return false;
    }
  }

  post(message) {
    message = { ...message, client: this.client, number: ++this.number };
    const batch = { id: `${message.client} ${message.number}`, message, owner: this };
    this.box.batches.set(batch.id, batch);
    this.deliver(batch);
    return batch.id;
  }

  deliver(batch) {
    batch.at = Date.now();
    setTimeout(() => this.status(), SLOW);
    batch.reason = this.transmit(batch.message) ? null : "The connection to Python is closed.";
    if (batch.reason) batch.owner = null;
    try {
      sessionStorage.setItem(`${STORED}${this.session} ${batch.id}`, JSON.stringify(batch.message));
    } catch {
      // full or switched off: the batch stays in this page's memory
    }
    this.status();
  }

  settle(id) {
    this.box.batches.delete(id);
    try {
      sessionStorage.removeItem(`${STORED}${this.session} ${id}`);
    } catch {
      // as above
    }
  }

  // The banner about what is not saved; `things` is what it is, in the plural.
  makeBanner(things) {
    const button = (text, title, onclick) => element("button", { type: "button", title, onclick, text });
    this.things = things;
    this.bannerText = element("span");
    this.again = button("Send again", `Send these ${things} to Python again`, () => {
      for (const batch of this.box.batches.values()) this.deliver(batch);
    });
    this.drop = button(`Discard these ${things}`, `Discard the ${things} that are not saved`, () => this.forget());
    const attributes = { class: "stcrm-banner", role: "alert", hidden: "" };
    this.banner = element("div", attributes, this.bannerText, this.again, this.drop);
    return this.banner;
  }

  // Show the banner if a batch failed or is late, or if this view was replaced; `view` is what it is called.
  showBanner(unsaved, view) {
    const batches = [...this.box.batches.values()];
    const failed = batches.find((batch) => batch.reason);
    const late = batches.some((batch) => Date.now() - batch.at >= SLOW);
    let words = "";
    if (batches.length && (failed || late || this.gone)) {
      const why = failed ? sentence(failed.reason) : "Python has not responded yet: it is busy, or it has stopped.";
      words =
        `${unsaved}. ${why} Keep this page open. ` +
        `If the kernel was restarted, run the cell again: unsaved ${this.things} are then sent again.`;
    } else if (this.gone) {
      words = `This ${view} was replaced by a newer one. All ${this.things} made here are saved.`;
    }
    put(this.bannerText, words);
    this.again.hidden = this.drop.hidden = !failed || this.gone;
    this.banner.hidden = !words;
    this.banner.classList.toggle("stcrm-alarm", batches.length > 0);
  }

  onGone() {
    this.gone = true;
    for (const batch of this.box.batches.values()) if (batch.owner === this) batch.owner = null; // for a newer view
    this.status();
  }

  onFailed(message) {
    const batch = this.box.batches.get(`${message.client} ${message.number}`);
    if (batch) batch.reason = message.reason;
    this.status();
  }

  // Settings of JupyterLab can save the state of widgets in the notebook: this program does not belong there.
  async keepOutOfNotebook(id) {
    const real = await this.model.widget_manager?.get_model?.(id);
    if (!real || real.stcrmTrimmed) return;
    real.stcrmTrimmed = true;
    const whole = real.get_state.bind(real);
    real.get_state = (...options) => {
      const { _esm, _css, ...rest } = whole(...options);
      return rest;
    };
  }
}

