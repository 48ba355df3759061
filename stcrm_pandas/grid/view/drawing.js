// Drawing: the header, and the cells that are in sight.

const ROW = 26; // pixels of a row
const TALLEST = 8_000_000; // pixels of the scrolled area; browsers cannot draw much taller ones
const WIDTHS = { integer: 13, number: 12, boolean: 11, time: 19, guid: 36, list: 24, text: 22 }; // characters

const Drawing = (Base) =>
  class extends Base {
    buildHead() {
      const active = /** @type {HTMLElement} */ (document.activeElement);
      const focused = this.head.contains(active) ? active.dataset : null;
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
  };
