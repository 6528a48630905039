// views/compare.js - two epochs next to each other: members whose standing, score or TCB level changed, with the
// events between, and changes of the rules.
import { h } from '../dom.js';
import { clean, percent, plural } from '../format.js';
import { capital, epochText, happened, majorities, matrixOf, nameOf } from '../model.js';
import { ruleEvents } from '../past.js';
import { badge, eventMark, eventTone, outcomeMark, outcomeOf } from '../shapes.js';
import { card, empty, page, select, table } from '../parts.js';

const CAUSES_MAX = 4;

// What most weight voted about each member in an epoch, or null: its votes are not at hand.
const levelsOf = (ctx, epoch) => {
    const matrix = matrixOf(ctx.model, String(epoch));
    if (!matrix) ctx.older(String(epoch));
    return matrix ? majorities(matrix) : null;
};

// Events of a member after the close of one epoch, up to the close of another.
const between = (model, slot, a, b) =>
    model.events.filter(
        (e) => e.slot === slot && e.epoch > a + 1 && e.epoch <= b + 1 && eventTone(e) !== 'quiet',
    );

// a, b: closed epochs of the model, a before b.
export function rowsOf(model, a, b, levels = [null, null]) {
    const slots = [...new Set([...a.at.keys(), ...b.at.keys()])].sort((x, y) => x - y);
    return slots.map((slot) => {
        const from = a.at.get(slot),
            to = b.at.get(slot),
            [was, is] = levels.map((l) => (l ? l.get(slot) || 'none' : null));
        const moved = from && to ? to.score_bp - from.score_bp : 0;
        return {
            slot,
            node: model.bySlot.get(slot) || { slot, name: (to || from).name },
            from,
            to,
            was,
            is,
            moved,
            changed:
                !from ||
                !to ||
                from.standing !== to.standing ||
                moved !== 0 ||
                from.incarnation !== to.incarnation ||
                (was !== null && is !== null && was !== is),
            causes: between(model, slot, a.epoch, b.epoch),
        };
    });
}

const arrow = () => h('span', { 'aria-hidden': 'true' }, ' \u2192 ');
const pair = (a, b, show, same) =>
    same ? show(b) : h('span', { class: 'pair' }, show(a), arrow(), h('span', { class: 'hidden' }, ' then '), show(b));

const standing = (r) => (row) => (row ? badge(row.standing) : h('span', { class: 'muted' }, r.from ? 'no member' : 'not yet a member'));

function causes(r) {
    if (r.causes.length === 0)
        return h('span', { class: 'muted' }, r.moved > 0 ? 'its evidence passed' : r.moved < 0 ? capital(clean(r.to?.reason || '')) : 'no event');
    const shown = r.causes.slice(-CAUSES_MAX);
    return h(
        'ul',
        { class: 'causes' },
        shown.map((e) => h('li', { key: e.first_seq }, eventMark(eventTone(e)), h('span', {}, h('bdi', {}, happened(e, 400)), h('span', { class: 'muted' }, ` epoch ${e.epoch}`)))),
        r.causes.length > shown.length && h('li', { key: 'more', class: 'muted' }, `and ${plural(r.causes.length - shown.length, 'earlier event')}`),
    );
}

const level = (outcome) => h('span', { class: 'said' }, outcomeMark(outcome), outcomeOf(outcome).word);

function members(ctx, rows, levels) {
    const known = levels[0] && levels[1];
    return table(
        'Members that changed',
        [
            ['Node', (r) => h('a', { class: 'node', href: ctx.address(ctx.nodePath(r.node)) }, h('bdi', {}, nameOf(r.node))), 'name'],
            ['Standing', (r) => pair(r.from, r.to, standing(r), r.from?.standing === r.to?.standing)],
            [
                'Score',
                (r) => pair(r.from, r.to, (x) => (x ? percent(x.score_bp, 1) : '\u2013'), r.moved === 0),
                'num',
            ],
            ['Moved', (r) => (r.moved ? (r.moved > 0 ? '+' : '\u2212') + percent(Math.abs(r.moved), 1) : '\u2013'), 'num'],
            ['TCB level by the votes', (r) => (known ? pair(r.was, r.is, level, r.was === r.is) : h('span', { class: 'muted' }, 'votes not stored'))],
            ['Between', causes],
        ],
        rows,
        (r) => r.slot,
        'stacks',
    );
}

function rules(ctx, a, b) {
    const found = ruleEvents(ctx.model.docs, a, b);
    if (!found) return empty('Events of that time are not stored here any more: assay change list has every change.');
    if (found.events.length === 0) return empty('Policy, collateral and roster did not change.');
    return h(
        'ol',
        { class: 'causes' },
        found.events.map((e) =>
            h('li', { key: e.first_seq }, eventMark(eventTone(e)), h('span', {}, h('bdi', {}, happened(e, 400)), h('span', { class: 'muted' }, ` epoch ${e.epoch}`))),
        ),
        !found.whole && h('li', { key: 'gap', class: 'muted' }, 'Earlier events are not stored here any more.'),
    );
}

function pickers(ctx, a, b) {
    const options = ctx.model.epochs.map((e) => [String(e.epoch), epochText(ctx.model, e.epoch).slice(6)]).reverse();
    return h(
        'div',
        { class: 'bar' },
        select('From the close of', options, String(a.epoch), (to) => ctx.set({ a: to })),
        select('to the close of', options, String(b.epoch), (to) => ctx.set({ b: to })),
        h('button', { class: 'button', type: 'button', onclick: () => ctx.set({ a: b.epoch, b: a.epoch }) }, 'Swap'),
    );
}

// Epochs of the address: the later one by default the newest, the earlier one ten before.
function chosen({ epochs }, query) {
    const find = (text) => epochs.find((e) => String(e.epoch) === text);
    const to = find(query.b) || epochs.at(-1),
        from = find(query.a) || epochs[Math.max(0, epochs.indexOf(to) - 10)];
    return [from, to];
}

export function compareView(ctx) {
    const { model, query } = ctx;
    if (model.epochs.length < 2) return page('Compare', null, empty('Two closed epochs are needed; fewer are stored here.'));
    const [first, second] = chosen(model, query),
        [a, b] = first.epoch <= second.epoch ? [first, second] : [second, first];
    const levels = [levelsOf(ctx, a.epoch), levelsOf(ctx, b.epoch)],
        rows = rowsOf(model, a, b, levels),
        moved = rows.filter((r) => r.changed);
    return page(
        'Compare',
        a === b
            ? 'Choose two epochs.'
            : `${capital(plural(moved.length, 'member'))} of ${rows.length} changed between the closes of ${epochText(model, a.epoch)} and ${epochText(model, b.epoch)}.`,
        pickers(ctx, first, second),
        card(
            'Members',
            moved.length
                ? members(ctx, moved.sort((x, y) => Math.abs(y.moved) - Math.abs(x.moved) || x.slot - y.slot), levels)
                : empty('No member changed standing, score, incarnation or TCB level.'),
            { note: `${rows.length - moved.length} unchanged` },
        ),
        card('Rules', rules(ctx, a.epoch, b.epoch)),
    );
}
