"use strict";
/* A workbook of one sheet, as Excel opens it: an uncompressed zip of five small XML files. */
const workbook = (() => {
  const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
  const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
  const SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml";

  const escaped = (text) => text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/[&<>"]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character]);

  function sheet(rows) {
    const widths = rows[0].map((_, column) => Math.min(50, 2 + Math.max(...rows.map((row) => String(row[column] ?? "").length))));
    const columns = widths.map((width, place) => `<col min="${place + 1}" max="${place + 1}" width="${width}" customWidth="1"/>`);
    const cell = (value) => typeof value === "number"
      ? `<c><v>${value}</v></c>`
      : value === "" ? "<c/>" : `<c t="inlineStr"><is><t xml:space="preserve">${escaped(value)}</t></is></c>`;
    const lines = rows.map((row) => `<row>${row.map(cell).join("")}</row>`);
    return `${HEAD}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews><cols>${columns.join("")}</cols><sheetData>${lines.join("")}</sheetData></worksheet>`;
  }

  function checksum(bytes) {
    let crc = -1;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
  }

  function zip(files) {
    const parts = [], index = [];
    let offset = 0;
    for (const [name, text] of files) {
      const bytes = new TextEncoder().encode(text), label = new TextEncoder().encode(name);
      const facts = new DataView(new ArrayBuffer(26));  // what both headers have of a file
      facts.setUint16(0, 20, true);
      facts.setUint16(2, 0x0800, true);  // names are UTF-8
      facts.setUint16(8, 0x21, true);  // January 1, 1980
      facts.setUint32(10, checksum(bytes), true);
      facts.setUint32(14, bytes.length, true);
      facts.setUint32(18, bytes.length, true);
      facts.setUint16(22, label.length, true);
      const local = [new Uint8Array([0x50, 0x4b, 3, 4]), new Uint8Array(facts.buffer), label, bytes];
      const place = new DataView(new ArrayBuffer(14));
      place.setUint32(10, offset, true);
      index.push(new Uint8Array([0x50, 0x4b, 1, 2, 20, 0]), new Uint8Array(facts.buffer), new Uint8Array(place.buffer), label);
      parts.push(...local);
      offset += local.reduce((sum, part) => sum + part.length, 0);
    }
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, files.length, true);
    end.setUint16(10, files.length, true);
    end.setUint32(12, index.reduce((sum, part) => sum + part.length, 0), true);
    end.setUint32(16, offset, true);
    return new Blob([...parts, ...index, end.buffer], { type: `${SHEET}.sheet` });
  }

  return (rows) => zip([
    ["[Content_Types].xml", `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${SHEET}.sheet.main+xml"/><Override PartName="/xl/sheet.xml" ContentType="${SHEET}.worksheet+xml"/></Types>`],
    ["_rels/.rels", `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="a" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`],
    ["xl/workbook.xml", `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="List" sheetId="1" r:id="a"/></sheets></workbook>`],
    ["xl/_rels/workbook.xml.rels", `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="a" Type="${OFFICE}/worksheet" Target="sheet.xml"/></Relationships>`],
    ["xl/sheet.xml", sheet(rows)],
  ]);
})();
