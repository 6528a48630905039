// views/matrix.js - votes of all members about each other: verifiers down, subjects across.
import { h } from '../dom.js';
import { clean, count, percent, plural } from '../format.js';
import { capital, dissents, epochText, majorities, epochsOfLies, matrixOf } from '../model.js';
import { OUTCOMES, drawShape, outcomeMark, outcomeOf } from '../shapes.js';
import { canvas, colour } from '../charts.js';
import { card, empty, page, segments, select, table, twin } from '../parts.js';

const HEAD = 92,
    SIDE = 116;
const over = { v: -1, s: -1 };

function sizes(width, n) {
    const side = width < 560 ? 78 : SIDE,
        cell = Math.max(7, Math.min(44, Math.floor((width - side - 8) / n)));
    return { side, cell, head: cell < 11 ? 14 : HEAD };
}

const SHOWN_MAX = 32; // of more members the telling ones are drawn: a square of agreement tells nothing
let kept = { matrix: null }; // what was worked out of this matrix

// How telling a member is, as a verifier and as a subject; and what most weight says of each.
function work(matrix) {
    if (kept.matrix === matrix) return kept;
    const most = majorities(matrix),
        telling = new Map(),
        facts = new Map();
    for (const m of matrix.members) {
        telling.set(m.slot, (m.has_ballot ? 0 : 3) + (most.get(m.slot).startsWith('pass') ? 0 : 5));
        facts.set(m.slot, { said: 0, against: 0, lies: 0 });
    }
    for (const v of matrix.members)
        for (const s of matrix.members) {
            if (v === s) continue;
            const outcome = matrix.said(v.slot, s.slot),
                f = facts.get(v.slot),
                lied = matrix.lied(v.slot, s.slot),
                differs = dissents(outcome, most.get(s.slot));
            if (outcome !== 'none') f.said++;
            if (differs) f.against++;
            if (lied) f.lies++;
            if (lied || differs) {
                telling.set(v.slot, telling.get(v.slot) + (lied ? 1000 : 10));
                telling.set(s.slot, telling.get(s.slot) + (lied ? 100 : 1));
            }
        }
    return (kept = { matrix, most, telling, facts });
}

function ordered(matrix, order) {
    const { most, telling, facts } = work(matrix),
        first = (a, b) => telling.get(b.slot) - telling.get(a.slot) || a.slot - b.slot;
    let list = [...matrix.members];
    if (list.length > SHOWN_MAX + 16)
        list = list
            .sort(first)
            .slice(0, SHOWN_MAX)
            .sort((a, b) => a.slot - b.slot);
    if (order === 'weight') list.sort((a, b) => (b.weight || 0) - (a.weight || 0) || a.slot - b.slot);
    if (order === 'dissent') list.sort(first);
    return { most, list, facts, hidden: matrix.members.length - list.length };
}

function cut(ctx, text, width) {
    let t = clean(text, 24);
    if (ctx.measureText(t).width <= width) return t;
    while (t.length > 1 && ctx.measureText(t + '\u2026').width > width) t = t.slice(0, -1);
    return t + '\u2026';
}

const board = canvas(
    (ctx, w, height, { matrix, list, most, at }) => {
        const n = list.length,
            { side, cell, head } = sizes(w, n),
            ink = colour('ink'),
            muted = colour('muted'),
            line = colour('line');
        ctx.font = '12px system-ui, sans-serif';
        ctx.textBaseline = 'middle';
        if (cell >= 11) {
            list.forEach((m, i) => {
                const y = head + i * cell + cell / 2,
                    x = side + i * cell + cell / 2;
                ctx.fillStyle = at && at.v === i ? ink : muted;
                ctx.textAlign = 'right';
                ctx.fillText(cut(ctx, m.name, side - 10), side - 8, y);
                ctx.save();
                ctx.translate(x, head - 8);
                ctx.rotate(-Math.PI / 4);
                ctx.fillStyle = at && at.s === i ? ink : muted;
                ctx.textAlign = 'left';
                ctx.fillText(cut(ctx, m.name, head), 0, 0);
                ctx.restore();
            });
        }
        ctx.lineWidth = 1;
        ctx.strokeStyle = line;
        for (let i = 0; i <= n; i++) {
            ctx.beginPath();
            ctx.moveTo(side, head + i * cell + 0.5);
            ctx.lineTo(side + n * cell, head + i * cell + 0.5);
            ctx.moveTo(side + i * cell + 0.5, head);
            ctx.lineTo(side + i * cell + 0.5, head + n * cell);
            ctx.stroke();
        }
        const tones = {};
        const tone = (name) => (tones[name] ||= colour(name));
        for (let v = 0; v < n; v++)
            for (let s = 0; s < n; s++) {
                const x = side + s * cell,
                    y = head + v * cell;
                if (v === s) {
                    ctx.fillStyle = line;
                    ctx.fillRect(x + 1, y + 1, cell - 1, cell - 1);
                    continue;
                }
                const outcome = matrix.said(list[v].slot, list[s].slot),
                    o = outcomeOf(outcome),
                    lied = matrix.lied(list[v].slot, list[s].slot);
                const dissent = dissents(outcome, most.get(list[s].slot));
                if (dissent || lied) {
                    ctx.globalAlpha = 0.16;
                    ctx.fillStyle = tone(lied ? 'suspended' : 'warning');
                    ctx.fillRect(x + 1, y + 1, cell - 1, cell - 1);
                    ctx.globalAlpha = 1;
                }
                ctx.fillStyle = ctx.strokeStyle = tone(o.tone);
                ctx.lineWidth = 2;
                if (o.shape !== 'none')
                    drawShape(ctx, o.shape, x + cell / 2 + 0.5, y + cell / 2 + 0.5, Math.min(7, cell * 0.24));
                if (lied || dissent) {
                    ctx.lineWidth = lied ? 2.5 : 1.5;
                    ctx.setLineDash(lied ? [] : [3, 3]);
                    ctx.strokeStyle = tone(lied ? 'suspended' : 'warning');
                    ctx.strokeRect(x + 2, y + 2, cell - 3, cell - 3);
                    ctx.setLineDash([]);
                }
            }
        if (at && at.v >= 0) {
            ctx.lineWidth = 2;
            ctx.strokeStyle = colour('focus');
            ctx.strokeRect(side + at.s * cell + 0.5, head + at.v * cell + 0.5, cell, cell);
        }
    },
    ({ list }, w) => {
        const { cell, head } = sizes(w, list.length);
        return head + list.length * cell + 2;
    },
);

function describeCell(model, matrix, list, most, v, s) {
    const verifier = list[v],
        subject = list[s];
    if (v === s) return [h('b', {}, h('bdi', {}, clean(verifier.name, 40))), ' does not judge itself.'];
    const outcome = matrix.said(verifier.slot, subject.slot),
        lie = matrix.lies.get(verifier.slot + '/' + subject.slot);
    return [
        h('bdi', {}, clean(verifier.name, 40)),
        ' of ',
        h('bdi', {}, clean(subject.name, 40)),
        ': ',
        outcomeMark(outcome),
        ' ',
        h('b', {}, outcomeOf(outcome).word),
        '. ',
        lie
            ? h('b', { class: 'e-bad' }, `Proven false in ${epochText(model, lie.found_epoch)}.`)
            : dissents(outcome, most.get(subject.slot))
              ? `Most weight says: ${outcomeOf(most.get(subject.slot)).word}.`
              : outcome === 'none'
                ? verifier.has_ballot
                    ? 'Its ballot has nothing about it.'
                    : 'No ballot of its own counted.'
                : 'As most weight does.',
    ];
}

function verifiers(ctx, matrix, facts) {
    const rows = matrix.members
        .map((v) => ({ v, ...facts.get(v.slot) }))
        .sort((a, b) => b.lies - a.lies || b.against - a.against || a.v.slot - b.v.slot);
    return table(
        'Verifiers',
        [
            [
                'Verifier',
                (r) =>
                    h(
                        'a',
                        { class: 'node', href: ctx.address(ctx.nodePath(r.v)) },
                        h('bdi', {}, clean(r.v.name, 40)),
                    ),
            ],
            ['Agrees', (r) => (r.said ? percent((10000 * (r.said - r.against)) / r.said) : '\u2013'), 'num'],
            ['Against', (r) => count(r.against), 'num'],
            ['False votes', (r) => (r.lies ? h('b', { class: 'e-bad' }, count(r.lies)) : '0'), 'num'],
        ],
        rows.slice(0, 16),
        (r) => r.v.slot,
    );
}

// The newest, epochs with votes proven false, and (live) every one that is stored.
function epochPick(ctx, epoch) {
    const { model } = ctx,
        newest = ctx.model.matrix?.epoch,
        lies = new Set(epochsOfLies(model));
    const kept =
        model.source === 'live'
            ? model.epochs
                  .slice(-256)
                  .map((e) => e.epoch)
                  .reverse()
            : [];
    const at = (model.docs.matrices || []).map((m) => m.epoch);
    const all = [...new Set([...lies, ...at, ...kept])].filter(
        (e) => e !== newest && (model.source === 'live' || at.includes(e)),
    );
    if (all.length === 0 && !epoch) return null;
    const time = (e) => epochText(model, e).slice(6);
    const options = [
        ['', newest ? `newest, ${time(newest)}` : 'newest'],
        ...all.map((e) => [String(e), time(e) + (lies.has(e) ? ', false votes' : '')]),
    ];
    if (epoch && !options.some(([value]) => value === epoch)) options.push([epoch, clean(epoch, 20)]);
    return select('Epoch', options, epoch, (e) => ctx.set({ e }));
}

export function matrixView(ctx) {
    const epoch = ctx.query.e || '',
        matrix = matrixOf(ctx.model, epoch);
    // Of an epoch that still runs there is nothing to ask for yet.
    if (!matrix && ctx.model.epochs.some((e) => String(e.epoch) === epoch)) ctx.older(epoch);
    if (!matrix)
        return page(
            'Trust matrix',
            null,
            epoch && h('div', { class: 'bar' }, epochPick(ctx, epoch)),
            empty(
                epoch
                    ? `The ballots of epoch ${clean(epoch, 20)} are not available.`
                    : 'No ballots are stored here yet.',
                epoch
                    ? 'A node has the ballots of its last 256 epochs; a report has the newest and those with votes that were proven false.'
                    : 'They are available after the first epoch that closes while this node runs.',
            ),
        );
    const { order = 'slot' } = ctx.query,
        { most, list, facts, hidden } = ordered(matrix, order),
        n = list.length;
    const at = over.v >= 0 && over.v < n && over.s < n ? { ...over } : null;
    const lies = [...matrix.lies.values()],
        silent = matrix.members.filter((m) => !m.has_ballot).length;
    const differ = [...facts.values()].reduce((sum, f) => sum + f.against, 0);
    const point = (e) => {
        const box = e.currentTarget.getBoundingClientRect(),
            { side, cell, head } = sizes(box.width, n);
        const s = Math.floor((e.clientX - box.left - side) / cell),
            v = Math.floor((e.clientY - box.top - head) / cell);
        const inside = s >= 0 && v >= 0 && s < n && v < n;
        if ((inside ? v : -1) === over.v && (inside ? s : -1) === over.s) return;
        over.v = inside ? v : -1;
        over.s = inside ? s : -1;
        ctx.draw();
    };
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const keys = (e) => {
        if (e.key === 'Enter' && at) return ctx.go(ctx.nodePath(list[at.s]));
        if (!step[e.key]) return;
        e.preventDefault();
        over.v = Math.max(0, Math.min(n - 1, (at ? at.v : 0) + (at ? step[e.key][0] : 0)));
        over.s = Math.max(0, Math.min(n - 1, (at ? at.s : 0) + (at ? step[e.key][1] : 0)));
        ctx.draw();
    };
    const words = lies.length
        ? `${plural(lies.length, 'vote')} proven false`
        : 'no vote proven false';
    return page(
        'Trust matrix',
        `${capital(epochText(ctx.model, matrix.epoch))}: ${words}, ${differ} against the majority, ${silent ? `${silent} without a ballot` : 'every ballot counted'}.`,
        h(
            'div',
            { class: 'bar' },
            segments(
                'Order',
                [
                    ['slot', 'By slot'],
                    ['weight', 'By weight'],
                    ['dissent', 'Against the majority first'],
                ],
                order,
                (to) => ctx.set({ order: to === 'slot' ? '' : to }),
            ),
            epochPick(ctx, epoch),
            h(
                'p',
                { class: 'readout', 'aria-live': 'polite' },
                at
                    ? describeCell(ctx.model, matrix, list, most, at.v, at.s)
                    : h(
                          'span',
                          { class: 'muted' },
                          'Verifiers down, subjects across. Point at a cell, or focus the matrix and use the arrows.',
                      ),
            ),
        ),
        h(
            'div',
            { class: 'grid matrixgrid' },
            h(
                'div',
                { class: 'card matrixcard' },
                hidden > 0 &&
                    h(
                        'p',
                        { class: 'note' },
                        `${list.length} of ${matrix.members.length} members: those that vote against the majority, have votes against them, fail, or sent no ballot.`,
                    ),
                h(
                    'div',
                    {
                        class: 'board',
                        style: { width: SIDE + n * (n > 24 ? 24 : 44) + 70 + 'px' },
                        tabindex: 0,
                        role: 'application',
                        'aria-label': `Trust matrix, ${n} by ${n}; arrows move, Enter opens the subject`,
                        onmousemove: point,
                        onmouseleave: () => {
                            over.v = -1;
                            ctx.draw();
                        },
                        onkeydown: keys,
                        onclick: () => at && ctx.go(ctx.nodePath(list[at.s])),
                    },
                    h('canvas', {
                        'aria-hidden': 'true',
                        hook: { ...board, data: { matrix, list, most, at } },
                    }),
                ),
                h(
                    'ul',
                    { class: 'keyed' },
                    Object.entries(OUTCOMES)
                        .filter(([k]) => k !== 'none')
                        .map(([k, o]) => h('li', { key: k }, outcomeMark(k), o.word)),
                    h('li', { key: 'lie' }, h('i', { class: 'lie' }), 'proven false'),
                    h('li', { key: 'dis' }, h('i', { class: 'dis' }), 'against the majority'),
                ),
            ),
            h(
                'div',
                { class: 'grid' },
                lies.length > 0 &&
                    card(
                        'Votes proven false',
                        h(
                            'ul',
                            { class: 'lies' },
                            lies.map((l) =>
                                h(
                                    'li',
                                    { key: l.verifier + '/' + l.subject },
                                    h(
                                        'a',
                                        {
                                            href: ctx.address(
                                                ctx.nodePath(
                                                    matrix.bySlot.get(l.verifier) || { slot: l.verifier },
                                                ),
                                            ),
                                        },
                                        h('bdi', {}, clean(matrix.bySlot.get(l.verifier)?.name, 40)),
                                    ),
                                    ' voted on ',
                                    h('bdi', {}, clean(matrix.bySlot.get(l.subject)?.name, 40)),
                                    ': ',
                                    outcomeOf(matrix.said(l.verifier, l.subject)).word,
                                    `; the evidence contradicts it, proven in ${epochText(ctx.model, l.found_epoch)}.`,
                                ),
                            ),
                        ),
                    ),
                card('Verifiers', verifiers(ctx, matrix, facts), {
                    note: 'how often each agrees with the majority of the weight',
                }),
            ),
        ),
        twin(
            'By verifier',
            [
                ['Verifier', (v) => clean(v.name, 40)],
                ['Weight', (v) => count(v.weight ?? NaN), 'num'],
                ['Ballot', (v) => (v.has_ballot ? 'counted' : 'none')],
                ...(n <= 24
                    ? list.map((s) => [
                          clean(s.name, 20),
                          (v) =>
                              v.slot === s.slot
                                  ? '\u2013'
                                  : outcomeOf(matrix.said(v.slot, s.slot)).word +
                                    (matrix.lied(v.slot, s.slot) ? ' (proven false)' : ''),
                      ])
                    : [
                          ['Votes', (v) => count(facts.get(v.slot).said), 'num'],
                          ['Against the majority', (v) => count(facts.get(v.slot).against), 'num'],
                      ]),
            ],
            list,
        ),
    );
}
