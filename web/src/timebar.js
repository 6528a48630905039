// timebar.js - the choice of a past epoch: a bar that says that what is shown is past, steps and a slider through the
// stored epochs, and one button back to now.
import { h } from './dom.js';
import { plural } from './format.js';
import { beginOf, epochText } from './model.js';

// What is not stored for past epochs, by view: { view: [document, text] }.
const NOT_STORED = {
    policy: ['policy', 'The policy of that time is not stored: it changed since, or events of then are gone.'],
    collateral: ['collateral', 'Collateral of that time is not stored: it changed since, or events of then are gone.'],
    services: ['services', 'State of services is not stored by epoch.'],
};

// time: { stored: epochs ascending, at: the chosen one or 0 for now, here: whether it is stored, set(epoch or 0) }.
export function step(time, by) {
    const { stored, at } = time;
    if (stored.length === 0) return;
    const index = at ? stored.findLastIndex((e) => e <= at) : stored.length,
        to = Math.max(0, index + by);
    time.set(to >= stored.length ? 0 : stored[to]);
}

const button = (label, text, onclick, more) =>
    h('button', { type: 'button', class: 'button', 'aria-label': label, onclick, ...more }, text);

// The button that opens it, in the header: `text` is the running epoch.
export const opener = (time, text) =>
    time.stored.length === 0
        ? h('span', {}, text)
        : h('button', { type: 'button', class: 'clock', title: 'Show a past epoch ( [ )', onclick: () => step(time, -1) }, text);

export function timebar(ctx, time) {
    const { stored, at, here } = time;
    if (!at) return null;
    const now = button('Back to now', 'Back to now', () => time.set(0), { class: 'button now' });
    if (!here)
        return h(
            'section',
            { class: 'timebar gone', 'aria-label': 'Time', key: 'time' },
            h(
                'p',
                { role: 'status' },
                h('b', {}, `Epoch ${at} is not stored here. `),
                stored.length
                    ? `Stored are the closes of epochs ${stored[0]} to ${stored.at(-1)}. What is shown below is the network now.`
                    : 'This node has stored no closed epoch yet. What is shown below is the network now.',
            ),
            h('div', { class: 'steps' }, now),
        );
    const index = stored.indexOf(at),
        behind = stored.at(-1) - at,
        closed = epochText(ctx.model, at, beginOf(ctx.model, at + 1)),
        [document_, text] = NOT_STORED[ctx.path] || [];
    return h(
        'section',
        { class: 'timebar', 'aria-label': 'Time', key: 'time' },
        h(
            'p',
            { role: 'status' },
            h('b', {}, 'Past. '),
            `The network at the close of ${closed}` + (behind ? `, ${plural(behind, 'epoch')} before the newest.` : ', the newest that is closed.'),
            ' Reachability, clocks and advice of that time are not stored.',
            document_ && !ctx.model.docs[document_] && h('span', {}, ' ', text),
        ),
        h(
            'div',
            { class: 'steps' },
            button('Epoch before', '\u2190', () => step(time, -1), { disabled: index === 0 }),
            h('input', {
                type: 'range',
                min: 0,
                max: stored.length - 1,
                step: 1,
                value: String(index),
                'aria-label': 'Epoch that is shown',
                'aria-valuetext': closed,
                oninput: (e) => time.set(stored[Number(e.target.value)]),
            }),
            button('Epoch after', '\u2192', () => step(time, 1)),
            h('a', { class: 'button', href: ctx.address('compare', { a: at, b: stored.at(-1), at: '' }) }, 'Compare with the newest'),
            now,
        ),
    );
}
