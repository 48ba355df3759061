// The rows that Python sent: columns, keys, verdicts, and what is not acknowledged.

const Rows = (Base) =>
  class extends Base {
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
          cells += Number(batch.owner === null);
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
  };
