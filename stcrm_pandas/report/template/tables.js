"use strict";
(() => {
  const FEW = 10, MANY = 5;  // rows of a table; lists in a section, of which fewer rows are shown

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const text = (cell) => cell.textContent.trim();
  const slug = (words) => (words.toLowerCase().match(/[a-z0-9]+/g) ?? []).join("-").slice(0, 60);

  /* What a table is called: its caption, else the heading above it. */
  function nameOf(table, headings) {
    if (table.caption) return text(table.caption);
    const above = headings.filter((one) => one.compareDocumentPosition(table) & Node.DOCUMENT_POSITION_FOLLOWING);
    const name = above.length ? text(above.at(-1)) : document.title;
    table.createCaption().textContent = name;
    table.caption.className = "unseen";
    return name;
  }

  /* The first number of a cell: 31 of "31% (27–35%)", 1234.5 of "$1,234.50". */
  function numberIn(cell) {
    const found = text(cell).replace(/,(?=\d{3})/g, "").match(/[-−+]?\d+(\.\d+)?/);
    return found ? Number(found[0].replace("−", "-")) : NaN;
  }

  const AMOUNT = /^[-−+]?[$€£]?[-−+]?[\d,]+(\.\d+)?\s?[%€]?$/;
  function allAmounts(rows, column) {
    const filled = rows.map((row) => text(row.cells[column])).filter((value) => value !== "");
    return filled.length > 0 && filled.every((value) => AMOUNT.test(value));
  }

  function sorter(column, numeric, down) {
    const key = (row) => (numeric ? numberIn(row.cells[column]) : text(row.cells[column]));
    const unknown = (value) => (numeric ? Number.isNaN(value) : value === "");
    return (one, other) => {
      const [a, b] = [key(one), key(other)];
      if (unknown(a) || unknown(b)) return unknown(a) - unknown(b);  // what is not known stands last, either way
      const order = numeric ? a - b : a.localeCompare(b, undefined, { numeric: true });
      return down ? -order : order;
    };
  }

  /* A spreadsheet must not run what somebody wrote into a name; it skips what cannot be seen before the sign. */
  const FORMULA = /^(?:[\p{C}\p{Z}\p{DI}\u2800]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]|[\t\r\n])/u;
  const PLAIN_NUMBER = /^[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/;
  function field(value) {
    if (PLAIN_NUMBER.test(value.trim())) value = value.trim().replaceAll(",", "");
    else if (FORMULA.test(value)) value = "'" + value;
    return /[",\r\n]/.test(value) || value !== value.trim() ? `"${value.replaceAll('"', '""')}"` : value;
  }

  /* The texts of a table, header first. */
  const label = (cell) => cell.querySelector("button span") ?? cell;
  const texts = (table) => [...table.rows].map((row) =>
    [...row.cells].map((cell) => label(cell).textContent.replaceAll("\u00a0", " ")));

  /* The same of all rows of a list, of which the page shows some. */
  async function unpack(whole) {
    const bytes = Uint8Array.from(atob(whole.textContent), (character) => character.charCodeAt(0));
    const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(text).text());
  }

  function csv(rows) {
    const lines = rows.map((row) => row.map(field).join(","));
    return new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv;charset=utf-8" });
  }

  function xlsx(rows, table) {
    const numeric = [...table.tHead.rows[0].cells].map((head) => head.classList.contains("n"));
    return workbook(rows.map((row) => row.map((cell, column) => {
      const value = cell.trim();
      return numeric[column] && PLAIN_NUMBER.test(value) ? Number(value.replaceAll(",", "")) : value;
    })));
  }

  function save(file, name) {
    const link = make("a", { href: URL.createObjectURL(file), download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  /* On a phone each row of a list is a card; roles keep it a table for screen readers. */
  function asCards(table) {
    const heads = [...table.tHead.rows[0].cells], titles = heads.map((head) => text(label(head)));
    const roles = [[[table], "table"], [[table.tHead, ...table.tBodies], "rowgroup"], [table.rows, "row"], [heads, "columnheader"]];
    for (const [elements, role] of roles) for (const element of elements) element.setAttribute("role", role);
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, column) => {
        cell.setAttribute("role", cell.scope === "row" ? "rowheader" : "cell");
        cell.dataset.title = titles[column];
      });
    }
    table.classList.add("cards-when-narrow");
  }

  function equip(box, headings) {
    const table = box.querySelector("table"), body = table?.tBodies[0];
    if (!body) return;
    const name = nameOf(table, headings);
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", name);
    const rows = () => [...body.rows].filter((row) => !row.classList.contains("stcrm-total"));
    const count = rows().length;
    const list = box.closest("[data-name]:not(body)");
    const whole = "DecompressionStream" in window ? list?.querySelector(".stcrm-packed") : null;
    const total = Number(list?.dataset.rows ?? count);
    const few = list && list.parentElement.querySelectorAll(".stcrm-table").length > MANY ? FEW / 2 : FEW;
    let all = count <= few;

    const said = make("span", { className: "said" });
    said.setAttribute("role", "status");
    const more = make("button", { type: "button" });
    function fold() {
      rows().forEach((row, place) => row.classList.toggle("more", !all && place >= few));
      said.textContent = all ? "" : `${few} of ${total.toLocaleString("en")} rows shown`;
      more.textContent = all ? `Show ${few}` : `Show ${count === total ? "all " : ""}${count.toLocaleString("en")}`;
      more.setAttribute("aria-expanded", all);
      more.hidden = count <= few;
    }
    more.addEventListener("click", () => {
      all = !all;
      fold();
      if (!all) box.scrollIntoView({ block: "nearest" });
    });

    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (text(head) === "" || count < 2) return;
      const numeric = head.classList.contains("n") || allAmounts(rows(), column);
      const term = head.querySelector(".stcrm-term");  // in a button, it cannot be a link
      const button = make("button", { type: "button", title: term?.title ?? "Sort by this column", className: term?.className ?? "" }, make("span", { textContent: text(head) }));
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const down = now ? now === "ascending" : numeric;  // of numbers, the largest come first
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const sorted = rows().sort(sorter(column, numeric, down));
        body.prepend(...sorted);
        fold();
      });
    });

    const report = box.closest("[data-report]")?.dataset.report ?? document.body.dataset.name ?? "report";
    const saved = `${report}-${list?.dataset.name ?? slug(name)}`;
    const button = (does, act) => {
      const made = make("button", { type: "button", textContent: does });
      made.setAttribute("aria-label", `${does}: ${name}`);
      made.addEventListener("click", act);
      return made;
    };
    const allTexts = async () => (whole ? unpack(whole) : texts(table));
    const tools = [button("Save as CSV", async () => save(csv(await allTexts()), `${saved}.csv`))];
    if (whole) {
      const saves = Number(whole.dataset.rows);
      list.querySelector(".stcrm-part").append(saves === total
        ? " The whole list is in the Excel file and in the CSV file."
        : ` The Excel file and the CSV file have the first ${saves.toLocaleString("en")}; for the next ones, make the report again when these are done.`);
    }
    if (list) {
      asCards(table);
      tools.unshift(button("Save as Excel", async () => save(xlsx(await allTexts(), table), `${saved}.xlsx`)));
      tools.push(button("Print this list", () => {
        list.classList.add("printed");
        document.body.classList.add("one-list");
        print();
      }));
      addEventListener("afterprint", () => {
        list.classList.remove("printed");
        document.body.classList.remove("one-list");
      });
    }
    box.after(make("div", { className: "tools" }, said, more, ...tools));
    fold();
  }

  document.getElementById("no-scripts")?.remove();

  /* Paper has no folds. */
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));

  const headings = [...document.querySelectorAll("h1, h2, h3, h4")];
  document.querySelectorAll(".stcrm-table").forEach((box) => equip(box, headings));
})();
