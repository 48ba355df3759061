// Edits of cells, and the messages that send them.

const BATCH = 900_000; // bytes of one message with edits
const LONGEST = 4_000_000; // bytes of one cell: the server closes a connection that sends 10 MB
const MOST = 250_000; // cells of one edit

const Edits = (Base) =>
  class extends Base {
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

    undo() {
      if (this.lastRejected) {
        for (const [key, name] of this.lastRejected) this.redden(this.named.get(name), this.keys.get(key), null);
        this.lastRejected = null;
        this.status();
        this.repaint();
      } else this.post({ type: "undo" });
    }

    toggle() {
      this.setAll((row, column) => {
        const now = column.now(row);
        if (column.kind !== "boolean") return now;
        return now === "true" ? "false" : now === "false" && column.nullable !== false ? null : "true";
      });
    }
  };
