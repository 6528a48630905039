// format.js - numbers, dates and texts of others, formatted for readers.

const TEXT_MAX = 160;
// Controls, and marks that turn the reading direction: shown as what they are, never obeyed.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

// A text that a stranger may have written, fit to be shown.
export function clean(text, max = TEXT_MAX) {
    const head = String(text ?? '')
        .slice(0, max + 1)
        .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
    const cut = head.length > max ? head.slice(0, max - 1) + '\u2026' : head;
    return cut.replace(UNSEEN, (c) => '\u2039' + c.codePointAt(0).toString(16).padStart(4, '0') + '\u203a');
}

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const count = (n) => (Number.isFinite(n) ? number.format(n).replace(/,/g, '\u202f') : '\u2013');
export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many || one + 's'}`;

// Basis points; rounded down, so that nothing looks full which is not.
export function percent(bp, digits = 0) {
    if (!Number.isFinite(bp)) return '\u2013';
    const unit = 10 ** (2 - digits);
    return ((Math.floor(bp / unit) * unit) / 100).toFixed(digits).replace(/\.0+$/, '') + '\u202f%';
}

export function span(ms) {
    if (!Number.isFinite(ms)) return '\u2013';
    const s = Math.abs(ms) / 1000;
    if (s < 0.9995) return `${Math.round(Math.abs(ms))} ms`;
    if (s < 10) return `${s.toFixed(1)} s`;
    if (s < 120) return `${Math.round(s)} s`;
    if (s < 7200) return `${Math.round(s / 60)} min`;
    if (s < 172800) return `${Math.round(s / 3600)} h`;
    if (s < 86400 * 800) return `${Math.round(s / 86400)} days`;
    return `${(s / 31557600).toFixed(1)} years`;
}

export function clock(ms) {
    const at = new Date(ms);
    return Number.isNaN(at.getTime()) ? '\u2013' : at.toISOString().slice(11, 19);
}

export function date(ms) {
    const at = new Date(ms);
    return Number.isNaN(at.getTime()) ? '\u2013' : at.toISOString().slice(0, 16).replace('T', ' ') + ' UTC';
}

// '18:40 UTC', with the date where it is not that of another time.
export function minute(ms, near) {
    const at = date(ms);
    return at.slice(0, 10) === date(near).slice(0, 10) ? at.slice(11) : at;
}

// '18:40:07', with the date before it where it is not that of another time.
export function second(ms, near) {
    const at = date(ms);
    return at.slice(0, 10) === date(near).slice(0, 10) ? clock(ms) : `${at.slice(0, 10)} ${clock(ms)}`;
}

export const short = (hex, n = 12) =>
    typeof hex === 'string' && hex.length > n ? hex.slice(0, n) + '\u2026' : hex || '\u2013';

// 'a, b and c'; more than max names end in a number.
export function names(list, max = 3) {
    const shown = list.length > max + 1 ? list.slice(0, max) : list;
    const rest = list.length - shown.length;
    const all = rest ? [...shown, `${rest} more`] : shown;
    return all.length < 2 ? all.join('') : all.slice(0, -1).join(', ') + ' and ' + all[all.length - 1];
}
