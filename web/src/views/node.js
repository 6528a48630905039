// views/node.js - one node: its condition and causes, what happened on one axis of time, votes, evidence.
import { h } from '../dom.js';
import { argumentOf } from '../attention.js';
import { clean, count, percent, plural, span } from '../format.js';
import {
    against,
    awayText,
    capital,
    conditionOf,
    epochText,
    findNode,
    historyOf,
    isGone,
    list,
    nameOf,
    rootName,
    sinceOf,
    tally,
    waterfall,
    STAGES,
} from '../model.js';
import { workloadKeys } from '../authority.js';
import { verified } from '../evidence.js';
import { badge, eventTone, outcomeMark, outcomeOf } from '../shapes.js';
import { card, code, command, empty, events, facts, ident, lineChart, nodeLink, page, table } from '../parts.js';

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

const stepRow = (key, label, detail, value, drawn, cls) =>
    h(
        'li',
        { key, class: cls },
        h('span', { class: 'wlabel' }, h('bdi', {}, label), detail && h('small', {}, detail)),
        drawn,
        h('b', { class: 'num' }, value),
    );

// Falls and rises of both numbers, in the order in which they happened: each bar spans what one cause took or gave.
function steps(model, node, decides) {
    const of = ['integrity', 'availability'].map((kind) => ({ kind, w: waterfall(model, node.slot, kind) }));
    if (!of[0].w) return empty('No history of it is stored here.');
    const all = of.flatMap(({ kind, w }) => w.steps.map((s) => ({ ...s, kind }))),
        folded = of.reduce((sum, { w }) => sum + w.folded, 0),
        first = Math.max(...of.map(({ w }) => w.startEpoch));
    const lower = (key) => Math.min(...of.map(({ w }) => w[key]));
    all.sort((x, y) => x.since - y.since || x.until - y.until);
    return h(
        'div',
        { class: 'waterfall' },
        h(
            'h3',
            {},
            `Integrity ${percent(of[0].w.end, 1)}, availability ${percent(of[1].w.end, 1)}`,
            decides && h('span', { class: 'chip' }, `${decides} decides the score`),
        ),
        h(
            'ol',
            {},
            stepRow(
                'start',
                'Score at ' + epochText(model, first),
                folded ? `${plural(folded, 'older step')} before` : null,
                percent(lower('start'), 1),
                bar(0, lower('start'), 'base'),
            ),
            all.map((s) =>
                stepRow(
                    `${s.kind}/${s.since}/${s.from}`,
                    s.text,
                    capital(`${s.kind}, ${epochText(model, s.since)}`) +
                        (s.since === s.until ? '' : ` to ${epochText(model, s.until).slice(6)}`) +
                        (s.times > 1 ? `, ${s.times} steps` : ''),
                    (s.to > s.from ? '+' : '\u2212') + percent(Math.abs(s.to - s.from), 1),
                    bar(s.from, s.to, s.to > s.from ? 'up' : 'down'),
                    s.to > s.from ? 'up' : 'down',
                ),
            ),
            stepRow('end', 'Score now', null, percent(lower('end'), 1), bar(0, lower('end'), 'base'), 'end'),
        ),
    );
}

const STEP_BP = { FULL: 9000, WARNING: 7500, RESTRICTED: 5000 };

// What happened and what is ahead on one axis of epochs: scores, falls and proofs as marks, the way back dashed.
function course(ctx, node, past) {
    const { model } = ctx,
        last = past.at(-1),
        ahead = (node.recovery?.blocked || isGone(model, node) ? [] : list(node.recovery?.steps)).filter((s) => s.epoch > last.epoch),
        x = [...past.map((p) => p.epoch), ...ahead.map((s) => s.epoch)];
    const of = (key) => x.map((_, i) => past[i]?.row[key] ?? null),
        shown = model.events.filter(
            (e) => e.slot === node.slot && e.epoch >= x[0] && ['bad', 'warn', 'good'].includes(eventTone(e)),
        );
    const series = [
        { label: 'integrity', values: of('integrity_bp'), dash: [6, 4] },
        { label: 'availability', values: of('availability_bp'), dash: [2, 3] },
        { label: 'score', values: of('score_bp'), width: 2.5 },
    ];
    if (ahead.length)
        series.push({
            label: 'way back',
            dash: [3, 5],
            colour: 's4',
            values: x.map((_, i) =>
                i === past.length - 1 ? last.row.score_bp : (STEP_BP[ahead[i - past.length]?.standing] ?? null),
            ),
        });
    return lineChart(ctx, 'node-' + node.slot, 'Score, integrity and availability', x, series, {
        bounds: [[9000], [7500], [5000]],
        at: (i) => epochText(model, x[i]).slice(6),
        now: past.length - 1,
        marks: shown.map((e) => [e.first_epoch || e.epoch, eventTone(e)]),
        note: ahead.length
            ? `Vertical lines: events of this node. Dashed after now: the way back, if ${clean(node.recovery.assumes, 120)}.`
            : 'Vertical lines: events of this node.',
    });
}

function votes(ctx, node) {
    const m = ctx.model.matrix;
    if (!m) return empty('No ballots of this epoch are stored here yet.');
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
            'Votes about it',
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
                    'Vote',
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
            '',
            rows,
        ),
    ];
}

const KEYS_LEVEL = 6; // feature level from which members declare keys (protocol.md 2.16)

// Keys of its programs, as far as a node that runs serves them.
function keys(ctx, node) {
    if (ctx.past || ctx.model.source !== 'live' || !(ctx.model.status.level >= KEYS_LEVEL)) return null;
    ctx.keysOf(node);
    const found = ctx.model.docs.keys?.[node.slot];
    return found !== null && card('Workload keys', workloadKeys(ctx.model, found), { cls: 'c-keys' });
}

// Claims of its evidence beside what the policy asks for.
function evidence(ctx, node) {
    const e = ctx.model.docs.evidence?.nodes?.find((x) => x.slot === node.slot);
    if (ctx.past) return empty('Evidence of past epochs is not verified again: its votes are above.');
    ctx.verify(node);
    const found = ctx.model.docs.verified?.[node.slot];
    if (!e && ctx.model.source === 'live' && found !== null) return verified(ctx.model, found);
    if (!e)
        return empty(
            'The node does not serve decoded evidence.',
            'A report has the claims of all evidence next to the reference values: assay report --html FILE',
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
            : empty('The policy has no reference value for it.'),
        reasons.length > 0 &&
            h(
                'ul',
                { class: 'reasons' },
                reasons.map((r, i) =>
                    h(
                        'li',
                        { key: i },
                        h('b', {}, clean(r.text)),
                        r.observed && h('span', {}, ' Found ', ident(r.observed, 'what was found')),
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

const VERDICTS = { free: 'no rule', match: 'matches', differs: 'differs' };

const claims = (caption, rows) =>
    table(
        caption,
        [
            ['Claim', (r) => clean(r.name, 40), 'name'],
            ['Evidence', (r) => value(r.observed, r.name)],
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
    if (!last) return empty('No closed epoch is stored here.');
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
            model.nodes.length ? `This network has no member with the name ${clean(ctx.arg, 60)}.` : 'No data yet.',
            h('p', {}, h('a', { class: 'button', href: ctx.address('fleet') }, 'All nodes')),
        );
    const why = against(model, node),
        since = sinceOf(model, node),
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
            ? 'No rule lowers its score now.'
            : why
              ? `${capital(why)}.` + (since ? ` Below full since ${since}.` : '')
              : '';
    return [
        h(
            'div',
            { class: 'nodehead' },
            h('p', { class: 'crumb' }, h('a', { href: ctx.address('fleet') }, 'Fleet')),
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
                !isGone(model, node) &&
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
            past.length > 1 && card('Falls and recovery by epoch', course(ctx, node, past), { cls: 'c-lines' }),
            card('Why this score', steps(model, node, decides), {
                cls: 'c-why',
                note: 'the score is the smaller of integrity and availability',
            }),
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
                    ['Weight', count(node.weight), node.weight === 0 ? 'its votes do not count' : ''],
                    ['Incarnation', count(node.incarnation)],
                    node.offences >= 0 && ['Offences on record', count(node.offences)],
                    node.last_attempt_epoch >= 0 && ['Last attempt', epochText(model, node.last_attempt_epoch)],
                    ['Last success', node.last_success_epoch ? epochText(model, node.last_success_epoch) : 'never'],
                    !ctx.past && [
                        'Last message',
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
                    node.own_outcome && ['Verdict of this node', outcomeOf(node.own_outcome).word],
                    [
                        'On the command line',
                        command('assay explain ' + argumentOf(node)),
                    ],
                ]),
                { cls: 'c-facts' },
            ),
            card('Votes about it', votes(ctx, node), { cls: 'c-votes' }),
            card('The last tally', sums(ctx, node), { cls: 'c-sums' }),
            card('Its evidence next to the policy', evidence(ctx, node), { cls: 'c-evidence' }),
            keys(ctx, node),
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
