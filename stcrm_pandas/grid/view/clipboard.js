// Copy and paste of a block, also from and to Excel.

const CopyAndPaste = (Base) =>
  class extends Base {
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
  };
