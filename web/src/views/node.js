// views/node.js - one node: why it stands where it stands.
import { h } from '../dom.js';
import { clean, count, percent, plural, span } from '../format.js';
import {
    against,
    awayText,
    capital,
    conditionOf,
    epochText,
    findNode,
    historyOf,
    nameOf,
    rootName,
    sinceText,
    tally,
    waterfall,
    STAGES,
} from '../model.js';
import { badge, outcomeMark, outcomeOf } from '../shapes.js';
import { card, code, empty, events, facts, ident, lineChart, nodeLink, page, table } from '../parts.js';

// From the start, step by step, to what it is now: each bar spans what one cause took or gave.
function falls(model, title, w, decides) {
    if (!w) return empty('No history of it is kept here.');
    const bar = (from, to, cls) =>
        h(
            'span',
            { class: 'wbar ' + cls, 'aria-hidden': 'true' },
            h('i', {
                style: {
                    left: Math.min(from, to) / 100 + '%',
                    width: Math.max(0.6, Math.abs(to - from) / 100) + '%',
                },
            }),
        );
    const row = (key, label, detail, value, drawn, cls) =>
        h(
            'li',
            { key, class: cls },
            h('span', { class: 'wlabel' }, h('bdi', {}, label), detail && h('small', {}, detail)),
            drawn,
            h('b', { class: 'num' }, value),
        );
    return h(
        'div',
        { class: 'waterfall' },
        h('h3', {}, title, decides && h('span', { class: 'chip' }, 'decides the score')),
        h(
            'ol',
            {},
            row(
                'start',
                'At ' + epochText(model, w.startEpoch),
                w.folded ? `${plural(w.folded, 'older step')} before` : null,
                percent(w.start, 1),
                bar(0, w.start, 'base'),
            ),
            w.steps.map((s, i) =>
                row(
                    i + '/' + s.since,
                    s.text,
                    epochText(model, s.since) +
                        (s.since === s.until ? '' : ` to ${epochText(model, s.until).slice(6)}`) +
                        (s.times > 1 ? `, ${s.times} steps` : ''),
                    (s.to > s.from ? '+' : '\u2212') + percent(Math.abs(s.to - s.from), 1),
                    bar(s.from, s.to, s.to > s.from ? 'up' : 'down'),
                    s.to > s.from ? 'up' : 'down',
                ),
            ),
            row('end', 'Now', null, percent(w.end, 1), bar(0, w.end, 'base'), 'end'),
        ),
    );
}

function votes(ctx, node) {
    const m = ctx.model.matrix;
    if (!m) return empty('Nobody\u2019s ballot is known here yet.');
    const rows = m.members
        .filter((v) => v.slot !== node.slot)
        .map((v) => ({ ...v, outcome: m.said(v.slot, node.slot), lied: m.lied(v.slot, node.slot) }))
        .sort(
            (a, b) =>
                b.lied - a.lied ||
                outcomeOf(a.outcome).sign - outcomeOf(b.outcome).sign ||
                (b.weight || 0) - (a.weight || 0),
        );
    const said = new Map();
    for (const r of rows) said.set(r.outcome, (said.get(r.outcome) || 0) + 1);
    return [
        h(
            'p',
            { class: 'note' },
            capital(epochText(ctx.model, m.epoch)) +
                ': ' +
                [...said].map(([o, n]) => `${n} ${outcomeOf(o).word}`).join(', ') + '.',
        ),
        table(
            'What each verifier said of it',
            [
                [
                    'Verifier',
                    (v) =>
                        h(
                            'a',
                            { class: 'node', href: ctx.address(ctx.nodePath(v)) },
                            h('bdi', {}, clean(v.name, 40)),
                        ),
                ],
                [
                    'Says',
                    (v) =>
                        h(
                            'span',
                            { class: 'said' + (v.lied ? ' lied' : '') },
                            outcomeMark(v.outcome),
                            outcomeOf(v.outcome).word,
                            v.lied && h('b', {}, ' proven false'),
                        ),
                ],
                ['Weight', (v) => count(v.weight ?? NaN), 'num'],
            ],
            rows.slice(0, 40),
            (v) => v.slot,
        ),
    ];
}

// Claims of its evidence beside what the policy asks for.
function evidence(ctx, node) {
    const e = ctx.model.docs.evidence?.nodes?.find((x) => x.slot === node.slot);
    if (!e)
        return empty(
            'Its evidence is not in what this page was given.',
            'assay report --html puts the claims of every piece of evidence beside the reference values.',
        );
    const rows = (e.claims || []).map((c) => ({
        ...c,
        state: c.expected === undefined || c.expected === null ? 'free' : c.matches ? 'match' : 'differs',
    }));
    const asked = rows.filter((r) => r.state !== 'free'),
        others = rows.filter((r) => r.state === 'free');
    const reasons = Array.isArray(e.reasons) ? e.reasons : [];
    return [
        h(
            'p',
            { class: 'note' },
            `${capital(clean(e.what || e.kind))}, ${plural(e.length, 'byte')}, of ${epochText(ctx.model, e.epoch)}: ${clean(e.verdict || '')}.`,
        ),
        asked.length
            ? claims('Claims and reference values', asked)
            : empty('The policy asks for no value in it.'),
        reasons.length > 0 &&
            h(
                'ul',
                { class: 'reasons' },
                reasons.map((r, i) =>
                    h(
                        'li',
                        { key: i },
                        h('b', {}, clean(r.text)),
                        r.observed && h('span', {}, ' It says ', ident(r.observed, 'what it says')),
                        r.expected && h('span', {}, ', expected ', ident(r.expected, 'what was expected')),
                    ),
                ),
            ),
        others.length > 0 &&
            h(
                'details',
                { class: 'twin' },
                h('summary', {}, `${plural(others.length, 'other claim')}, without a rule`),
                claims('Other claims', others),
            ),
    ];
}

// Long ones are measurements: to be copied.
const value = (text, name) => (String(text ?? '').length > 15 ? ident(text, clean(name, 40)) : code(text));

const VERDICTS = { free: 'not asked for', match: 'matches', differs: 'differs' };

const claims = (caption, rows) =>
    table(
        caption,
        [
            ['Claim', (r) => clean(r.name, 40), 'name'],
            ['Evidence says', (r) => value(r.observed, r.name)],
            [
                'Policy accepts',
                (r) => (r.state === 'free' ? h('span', { class: 'muted' }, 'anything') : value(r.expected, r.name)),
            ],
            ['', (r) => h('span', { class: 'verdict v-' + r.state }, VERDICTS[r.state]), 'name'],
        ],
        rows,
        (r) => r.name,
        'stacks',
    );

function sums(ctx, node) {
    const past = historyOf(ctx.model, node.slot),
        last = past[past.length - 1],
        before = past[past.length - 2];
    if (!last) return empty('No closed epoch is kept here.');
    const t = tally(last.row, before && before.row, last.certified);
    return [
        table(
            'The last tally, step by step',
            [
                ['', (s) => s.what, 'step'],
                ['How', (s) => h('span', { class: 'how' }, clean(s.how, 200))],
                ['', (s) => count(s.value), 'num'],
            ],
            t.steps,
            (s) => s.what,
        ),
        h(
            'p',
            { class: 'note' },
            h(
                'a',
                { href: ctx.address('epochs', { e: last.epoch, n: node.name }) },
                `${capital(epochText(ctx.model, last.epoch))} and those before`,
            ),
        ),
    ];
}

// Its name, the whole id, and the others of the same.
const owner = (ctx, id, name, what) =>
    h(
        'span',
        {},
        h('a', { href: ctx.address('fleet', { group: id }) }, name ? h('bdi', {}, name) : 'its nodes'),
        ' ',
        ident(id, `the id of the ${what}`),
    );

export function nodeView(ctx) {
    const { model } = ctx,
        node = findNode(model, ctx.arg);
    if (!node)
        return page(
            'No such node',
            model.nodes.length ? `Nobody here is called ${clean(ctx.arg, 60)}.` : 'Nothing is known yet.',
            h('p', {}, h('a', { class: 'button', href: '#/fleet' }, 'The fleet')),
        );
    const why = against(model, node),
        since = sinceText(model, node),
        back = node.recovery,
        past = historyOf(model, node.slot).slice(-240);
    const decides =
        node.integrity_bp === node.availability_bp
            ? null
            : node.integrity_bp < node.availability_bp
              ? 'integrity'
              : 'availability';
    const away = awayText(model, node);
    const lead = away
        ? capital(away) + '.'
        : node.standing === 'FULL'
            ? 'Nothing is held against it now.'
            : why
              ? `${capital(why)}.` + (since ? ` Below full since ${since}.` : '')
              : '';
    return [
        h(
            'div',
            { class: 'nodehead' },
            h('p', { class: 'crumb' }, h('a', { href: '#/fleet' }, 'Fleet')),
            h('h1', {}, h('bdi', {}, nameOf(node))),
            h(
                'p',
                { class: 'bigscore' },
                h('b', {}, percent(node.score_bp, 1)),
                badge(conditionOf(node)),
                STAGES[node.stage] && h('span', { class: 'chip' }, STAGES[node.stage]),
                node.probation && h('span', { class: 'chip warn' }, 'on probation'),
                node.in_maintenance && h('span', { class: 'chip' }, 'in maintenance'),
                node.banned && h('span', { class: 'chip warn' }, 'banned'),
                node.shut_out && h('span', { class: 'chip warn' }, 'shut out'),
            ),
            lead && h('p', { class: 'lead' }, h('bdi', {}, lead)),
            back?.text &&
                h(
                    'p',
                    { class: 'lead way' },
                    h('b', {}, 'Recovers: '),
                    clean(back.text, 200) + (back.blocked ? '.' : `, if ${clean(back.assumes, 120)}.`),
                ),
        ),
        h(
            'div',
            { class: 'grid nodegrid' },
            card(
                'Why this score',
                [
                    falls(model, 'Integrity', waterfall(model, node.slot, 'integrity'), decides === 'integrity'),
                    falls(
                        model,
                        'Availability',
                        waterfall(model, node.slot, 'availability'),
                        decides === 'availability',
                    ),
                ],
                { cls: 'c-why', note: 'the score is the smaller of the two' },
            ),
            card(
                'What it is',
                facts([
                    ['Node', ident(node.node_id, 'the id of the node')],
                    [
                        'Operator',
                        owner(ctx, node.operator_id, clean(node.operator || '', 32), 'operator'),
                    ],
                    [
                        'Vendor root',
                        owner(ctx, node.vendor_root, rootName(model, node.vendor_root), 'vendor root'),
                    ],
                    ['Weight', count(node.weight), node.weight === 0 ? 'it has no say in votes' : ''],
                    ['Incarnation', count(node.incarnation)],
                    ['Offences remembered', count(node.offences)],
                    ['Last attempt', epochText(model, node.last_attempt_epoch)],
                    ['Last success', node.last_success_epoch ? epochText(model, node.last_success_epoch) : 'never'],
                    [
                        'Heard of',
                        node.slot === model.status.slot
                            ? 'this is the queried node'
                            : node.present
                              ? 'now'
                              : node.last_message_age_ms
                                ? span(node.last_message_age_ms) + ' ago'
                                : 'never',
                    ],
                    Number.isFinite(node.date_ahead_ms) && [
                        'Its clock',
                        `${span(node.date_ahead_ms)} ${node.date_ahead_ms < 0 ? 'behind' : 'ahead'}`,
                    ],
                    ['This node judged it', outcomeOf(node.own_outcome).word],
                    [
                        'On the command line',
                        h(
                            'code',
                            {},
                            'assay explain ' + (/^[\w.-]+$/.test(node.name || '') ? node.name : node.slot),
                        ),
                    ],
                ]),
                { cls: 'c-facts' },
            ),
            past.length > 1 &&
                card(
                    'By epoch',
                    lineChart(
                        ctx,
                        'node-' + node.slot,
                        'Score, integrity and availability',
                        past.map((p) => p.epoch),
                        [
                            { label: 'integrity', values: past.map((p) => p.row.integrity_bp), dash: [6, 4] },
                            {
                                label: 'availability',
                                values: past.map((p) => p.row.availability_bp),
                                dash: [2, 3],
                            },
                            { label: 'score', values: past.map((p) => p.row.score_bp), width: 2.5 },
                        ],
                        { bounds: [[9000], [7500], [5000]], at: (i) => epochText(model, past[i].epoch).slice(6) },
                    ),
                    { cls: 'c-lines' },
                ),
            card('Who said what of it', votes(ctx, node), { cls: 'c-votes' }),
            card('The last tally', sums(ctx, node), { cls: 'c-sums' }),
            card('Its evidence, beside the policy', evidence(ctx, node), { cls: 'c-evidence' }),
            card(
                'What happened to it',
                events(
                    ctx,
                    [...model.events].reverse().filter((e) => e.slot === node.slot),
                    { max: 20, about: false },
                ),
                { cls: 'c-events' },
            ),
        ),
    ];
}
