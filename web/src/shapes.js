// shapes.js - what a standing, an outcome, an event looks like: a shape and a word, never a colour alone.
import { h } from './dom.js';

export const STANDINGS = ['FULL', 'WARNING', 'RESTRICTED', 'SUSPENDED'];
// What a member can be besides, the best first: no standing of the ledger.
export const CONDITIONS = ['FULL', 'DRAINED', 'MAINTENANCE', 'WARNING', 'RESTRICTED', 'OFFLINE', 'SUSPENDED'];

const standing = {
    FULL: { tone: 'full', word: 'Full', path: 'M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2Z' },
    WARNING: { tone: 'warning', word: 'Warning', path: 'M8 2 15 14H1Z' },
    RESTRICTED: { tone: 'restricted', word: 'Restricted', path: 'M8 1 15 8 8 15 1 8Z' },
    SUSPENDED: { tone: 'suspended', word: 'Suspended', path: 'M2.5 2.5h11v11h-11Z' },
    // Not standings: hollow, and in colours of their own.
    OFFLINE: {
        tone: 'unknown',
        word: 'Offline',
        path: 'M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2ZM8 4a4 4 0 1 0 0 8 4 4 0 1 0 0-8ZM6 7.2h4v1.6H6Z',
    },
    MAINTENANCE: { tone: 'drained', word: 'Maintenance', path: 'M8 1 15 8 8 15 1 8ZM8 4 4 8 8 12 12 8Z' },
    DRAINED: { tone: 'drained', word: 'Drained', path: 'M2.5 2.5h11v11h-11ZM4.5 4.5v7h7v-7Z' },
    LEFT: { tone: 'unknown', word: 'Left', path: 'M3 7h10v2H3Z' },
};
const unknown = {
    tone: 'unknown',
    word: 'Unknown',
    path: 'M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2ZM8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 1 0 0-7Z',
};

export const standingOf = (name) => standing[name] || unknown;

export function mark(name, size = 14) {
    const s = standingOf(name);
    return h(
        'svg',
        { class: 'mark t-' + s.tone, width: size, height: size, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
        h('path', { d: s.path, 'fill-rule': 'evenodd' }),
    );
}

export const badge = (name) =>
    h('span', { class: 'badge t-' + standingOf(name).tone }, mark(name, 12), standingOf(name).word);

// Outcomes of a ballot: how they are drawn in the matrix, and what they mean.
export const OUTCOMES = {
    'pass-up-to-date': { tone: 'full', word: 'passes, up to date', shape: 'dot', sign: 1 },
    'pass-needs-hardening': { tone: 'full', word: 'passes, needs hardening', shape: 'half', sign: 1 },
    'pass-out-of-date': { tone: 'warning', word: 'passes, out of date', shape: 'quarter', sign: 1 },
    'fail-soft': { tone: 'restricted', word: 'needs update', shape: 'slash', sign: -1 },
    'fail-hard': { tone: 'suspended', word: 'fails', shape: 'cross', sign: -1 },
    absent: { tone: 'unknown', word: 'absent: no evidence', shape: 'ring', sign: -1 },
    unjudged: { tone: 'unknown', word: 'cannot be verified', shape: 'bar', sign: 0 },
    none: { tone: 'unknown', word: 'no vote', shape: 'none', sign: 0 },
};
export const outcomeOf = (name) =>
    OUTCOMES[name] || { tone: 'unknown', word: String(name), shape: 'bar', sign: 0 };

// Draws a shape on a canvas, centred, within r.
export function drawShape(ctx, shape, x, y, r) {
    ctx.beginPath();
    if (shape === 'dot') ctx.arc(x, y, r, 0, 7);
    else if (shape === 'half') ctx.arc(x, y, r, Math.PI / 2, Math.PI * 1.5);
    else if (shape === 'quarter') {
        ctx.moveTo(x, y - r);
        ctx.lineTo(x + r, y + r * 0.8);
        ctx.lineTo(x - r, y + r * 0.8);
    }
    if (shape === 'dot' || shape === 'half' || shape === 'quarter') ctx.fill();
    ctx.beginPath();
    if (shape === 'half' || shape === 'ring') ctx.arc(x, y, r - 0.5, 0, 7);
    if (shape === 'cross') {
        ctx.moveTo(x - r, y - r);
        ctx.lineTo(x + r, y + r);
        ctx.moveTo(x + r, y - r);
        ctx.lineTo(x - r, y + r);
    }
    if (shape === 'slash') {
        ctx.moveTo(x - r, y + r);
        ctx.lineTo(x + r, y - r);
    }
    if (shape === 'bar') {
        ctx.moveTo(x - r, y);
        ctx.lineTo(x + r, y);
    }
    ctx.stroke();
}

// The same shapes for a legend or a table.
export function outcomeMark(name, size = 14) {
    const o = outcomeOf(name);
    const lines = {
        dot: h('circle', { cx: 8, cy: 8, r: 5, class: 'fill' }),
        half: [
            h('path', { d: 'M8 3a5 5 0 0 0 0 10Z', class: 'fill' }),
            h('circle', { cx: 8, cy: 8, r: 5, class: 'line' }),
        ],
        quarter: h('path', { d: 'M8 3 13 12H3Z', class: 'fill' }),
        slash: h('path', { d: 'M3 13 13 3', class: 'line' }),
        cross: h('path', { d: 'M3 3 13 13M13 3 3 13', class: 'line' }),
        ring: h('circle', { cx: 8, cy: 8, r: 4.5, class: 'line' }),
        bar: h('path', { d: 'M3 8H13', class: 'line' }),
        none: h('circle', { cx: 8, cy: 8, r: 1, class: 'fill' }),
    };
    return h(
        'svg',
        {
            class: 'mark shape t-' + o.tone,
            width: size,
            height: size,
            viewBox: '0 0 16 16',
            'aria-hidden': 'true',
        },
        lines[o.shape],
    );
}

// Events: how loud, and to which group they belong.
const loud = {
    fail_proven: 'bad',
    offence_proven: 'bad',
    equivocation_noticed: 'bad',
    change_ended: 'bad',
    clock_out_of_sync: 'bad',
    state_root_mismatch: 'bad',
    chain_ahead_of_clock: 'bad',
    cannot_catch_up: 'bad',
    votes_lost: 'bad',
    votes_retained: 'bad',
    votes_returned: 'good',
    standing_changed: 'note',
    evidence_missing: 'warn',
    evidence_not_for_this_epoch: 'warn',
    enclave_exited: 'warn',
    no_quote: 'warn',
    peer_banned: 'warn',
    peer_excluded: 'warn',
    device_shared: 'bad',
    device_shared_ended: 'good',
    collateral_age: 'warn',
    order_done: 'note',
    incarnation_listed: 'good',
    keys_active: 'good',
    keys_ended: 'warn',
    keys_declared: 'note',
    caught_up: 'good',
    change_active: 'note',
    change_included: 'note',
};
const group = {
    fail_proven: 'proofs',
    offence_proven: 'proofs',
    equivocation_noticed: 'proofs',
    order: 'orders',
    order_done: 'orders',
    enclave_started: 'orders',
    enclave_exited: 'orders',
    incarnation_listed: 'orders',
    keys_renewed: 'orders',
    keys_listed: 'orders',
    keys_declared: 'orders',
    keys_active: 'orders',
    keys_ended: 'orders',
    standing_changed: 'standings',
    votes_lost: 'standings',
    votes_retained: 'standings',
    votes_returned: 'standings',
    change_included: 'changes',
    change_active: 'changes',
    change_ended: 'changes',
    change_submitted: 'changes',
    change_expired: 'changes',
    evidence_missing: 'evidence',
    evidence_not_for_this_epoch: 'evidence',
    no_quote: 'evidence',
};
export const EVENT_GROUPS = ['proofs', 'orders', 'standings', 'changes', 'evidence', 'chain'];
export const eventGroup = (code) => group[code] || 'chain';

export function eventTone(event) {
    if (event.event === 'standing_changed')
        return event.b > event.a ? (event.b === 3 ? 'bad' : 'warn') : 'good';
    if (event.event === 'epoch_closed') return event.b ? 'quiet' : 'warn';
    return loud[event.event] || 'quiet';
}
const eventPath = {
    bad: 'M3 3 13 13M13 3 3 13',
    warn: 'M8 3V9.5M8 12.2V13',
    good: 'M3 8.5 6.5 12 13 4.5',
    note: 'M3 8H13M9 4 13 8 9 12',
    quiet: 'M6 8H10',
};

export const eventMark = (tone) =>
    h(
        'svg',
        { class: 'mark line e-' + tone, width: 14, height: 14, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
        h('path', { d: eventPath[tone] }),
    );
