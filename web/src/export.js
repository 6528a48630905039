// export.js - tables as files: CSV (RFC 4180) and JSON, made in the page and saved by the browser.

// The words of a description of elements (dom.js), as a reader of the cell has them.
export function textOf(node) {
    if (node === null || node === undefined || node === false) return '';
    if (Array.isArray(node)) return node.map(textOf).join('');
    if (typeof node !== 'object') return String(node);
    if (node.text !== undefined) return node.text;
    if (node.props['aria-hidden'] === 'true' || /\b(copy|unsaid)\b/.test(node.props.class || '')) return '';
    return node.children.map(textOf).join(' ').replace(/\s+/g, ' ').trim();
}

// columns: [title, cell(row)]. A column without a title has a number for one, empty ones are left out.
export function tableRows(columns, rows) {
    const all = rows.map((row) => columns.map(([, cell]) => textOf(cell(row))));
    const used = columns
        .map(([title], k) => [title || `column ${k + 1}`, k])
        .filter(([, k]) => all.some((r) => r[k] !== ''));
    return { titles: used.map(([title]) => title), rows: all.map((r) => used.map(([, k]) => r[k])) };
}

// Names are of others: what a spreadsheet would take for a formula gets an apostrophe. Numbers are none.
const field = (text) => {
    const safe = /^[=+@\t\r-]/.test(text) && !/^[+-]?[\d.,\u202f ]+%?$/.test(text) ? "'" + text : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};
export const csvOf = ({ titles, rows }) => [titles, ...rows].map((row) => row.map(field).join(',') + '\r\n').join('');

export const jsonOf = ({ titles, rows }) =>
    JSON.stringify(rows.map((row) => Object.fromEntries(titles.map((title, k) => [title, row[k]]))), null, 1) + '\n';

// 'What each verifier said of it' is what-each-verifier-said-of-it.csv.
export function fileOf(caption, type) {
    const words = caption.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
    return `assay-${words.slice(0, 60) || 'table'}.${type}`;
}

export function saveTable(caption, type, columns, rows) {
    const table = tableRows(columns, rows),
        blob =
            type === 'csv'
                ? new Blob(['\ufeff', csvOf(table)], { type: 'text/csv' })
                : new Blob([jsonOf(table)], { type: 'application/json' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = fileOf(caption, type);
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
