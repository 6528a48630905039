// views/course.js - how a simulation went, epoch by epoch: standings and scores, weight, blocks and traffic.
import { clean } from '../format.js';
import { h } from '../dom.js';
import { card, empty, page } from '../parts.js';
import { most, shown, siText, wordOf } from '../simulation.js';
import { COLOURS, bars, chart, perCent, standings } from '../figures.js';

const STANDING_BOUNDS = [
    [9000, 'full'],
    [7500, 'warning'],
    [5000, 'restricted'],
];
const many = (m) => m.runs.length > 1;

// A line for each cohort that has members; of one run the score has its lowest and highest member as a band.
function cohortLines(m, name, low, high) {
    return m.present.map((c) => {
        const of = m.epochs.cohorts[c.index],
            column = of[name];
        const members =
            low && !many(m) ? { ...column, low: lowest(of[low]), high: highest(of[high]) } : column;
        return { label: c.name, column: members, colour: COLOURS[c.index % COLOURS.length] };
    });
}
const lowest = (column) => column.low || column.middle;
const highest = (column) => column.high || column.middle;

// What a law says is the same in every epoch.
const lawLines = (m, of) =>
    m.laws
        .filter((l) => l.of === of && Number.isFinite(l.value))
        .map((l) => ({
            label: `${wordOf(l.law)}: ${wordOf(l.formula)}`,
            column: { middle: m.epochs.x.map(() => l.value), low: null },
            colour: 's8',
            dash: [7, 5],
        }));

const heldNote = (m) =>
    m.epochs.held.some((v) => v > 0)
        ? many(m)
            ? 'The ground is shaded in epochs that were held (no certified tally): the deeper, the more runs.'
            : 'The ground is shaded in epochs that were held: no certified tally.'
        : undefined;

const pieces = (m) =>
    m.epochs.step > 1
        ? ` Each point stands for ${m.epochs.step} epochs: their mean, lowest and highest.`
        : '';

export function scores(ctx, cls) {
    const m = ctx.model;
    return chart(
        ctx,
        'scores',
        'Scores',
        many(m)
            ? 'mean score of each cohort'
            : 'mean of each cohort; the band is its lowest and highest member',
        m.epochs.x,
        [...cohortLines(m, 'score_mean_bp', 'score_min_bp', 'score_max_bp'), ...lawLines(m, 'score')],
        { ...perCent, bounds: STANDING_BOUNDS, shade: m.epochs.held, note: heldNote(m), cls },
    );
}

const cohortChart = (ctx, id, title, about, name, options) =>
    chart(ctx, id, title, about, ctx.model.epochs.x, cohortLines(ctx.model, name), options);

const line = (label, column, colour) => ({ label, column, colour });

function detection(m) {
    const bar = (c, name, label, colour) => {
        const f = m.figure(name, c.index);
        return {
            label,
            value: f ? f.middle : null,
            low: f?.low,
            high: f?.high,
            colour,
            text: f && f.middle !== null ? shown(name, f.middle) : 'never',
        };
    };
    const law = m.laws.find((l) => l.of === 'detection' && Number.isFinite(l.value));
    return bars(
        'Detection and recovery, in epochs',
        m.present.map((c) => ({
            label: c.name,
            bars: [
                bar(c, 'detection_epochs', 'to suspension', 's7'),
                bar(c, 'recovery_epochs', 'back to full', 's3'),
            ],
        })),
        law
            ? {
                  mark: {
                      value: law.value,
                      label: `The mark is ${wordOf(law.law)}: ${law.value} epochs, ${wordOf(law.formula)}.`,
                  },
              }
            : {},
    );
}

const none = (title) => page(title, null, empty('No epoch closed: there is nothing to draw.'));

export function standingsView(ctx) {
    const m = ctx.model,
        e = m.epochs;
    if (e.x.length === 0) return none('Standings');
    return page(
        'Standings',
        `Standing of each member, epoch by epoch.${pieces(m)}`,
        card('Members by standing', standings(m), { note: 'full at the bottom, suspended on top' }),
        h(
            'div',
            { class: 'grid simulated' },
            scores(ctx),
            cohortChart(
                ctx,
                'integrity',
                'Integrity',
                'mean of each cohort: it moves on proofs alone and makes weight',
                'integrity_mean_bp',
                {
                    ...perCent,
                    bounds: STANDING_BOUNDS,
                },
            ),
            cohortChart(
                ctx,
                'availability',
                'Availability',
                'mean of each cohort: it moves with ballots',
                'availability_mean_bp',
                {
                    ...perCent,
                    bounds: STANDING_BOUNDS,
                },
            ),
            chart(
                ctx,
                'suspended',
                'Suspended members',
                'of each cohort, and how many of them are honest',
                e.x,
                [...cohortLines(m, 'suspended'), line('false suspensions', e.false_suspensions, 's8')],
                { whole: true },
            ),
            card('Detection and recovery', detection(m), {
                note: 'epochs of the slowest member, from its first bad one',
            }),
        ),
    );
}

export function weightView(ctx) {
    const m = ctx.model,
        e = m.epochs,
        n = m.network;
    if (e.x.length === 0) return none('Weight');
    const caps = [
        [Number(n.vendor_cap_bp), 'cap of vendor roots'],
        [Number(n.operator_cap_bp), 'cap of operators'],
    ].filter(([value]) => Number.isFinite(value));
    return page(
        'Weight',
        `Weight that decides: more than a third stops the network, more than two thirds is a quorum.${pieces(m)}`,
        h(
            'div',
            { class: 'grid simulated' },
            chart(
                ctx,
                'weight',
                'Voting weight',
                'share of each cohort in the weight of the next epoch',
                e.x,
                [...cohortLines(m, 'weight_share_bp'), ...lawLines(m, 'weight')],
                {
                    ...perCent,
                    bounds: [
                        [6667, 'two thirds'],
                        [3333, 'a third'],
                    ],
                },
            ),
            chart(
                ctx,
                'shares',
                'Largest groups',
                'share of the weight that the largest operator and vendor root hold',
                e.x,
                [line('operator', e.largest_operator_bp), line('vendor root', e.largest_vendor_bp)],
                { ...perCent, max: 0, bounds: caps },
            ),
        ),
    );
}

// Bytes in a unit that leaves few digits.
const MIB = 1 << 20;
function inUnit(column) {
    const [by, word] = most(column) >= 10 * MIB ? [MIB, 'MiB'] : [1024, 'KiB'];
    const of = (values) => values && values.map((v) => (v === null ? null : v / by));
    return { word, column: { middle: of(column.middle), low: of(column.low), high: of(column.high) } };
}

export function trafficView(ctx) {
    const m = ctx.model,
        e = m.epochs,
        bytes = inUnit(e.bytes),
        modelled = m.network.fidelity === 'epoch' ? ', modelled' : '';
    if (e.x.length === 0) return none('Blocks and traffic');
    return page(
        'Blocks and traffic',
        `What it took, in each epoch${clean(modelled)}.${pieces(m)}`,
        h(
            'div',
            { class: 'grid simulated' },
            chart(
                ctx,
                'consensus',
                'Blocks, views and crashes',
                'final blocks, views that ended without one, proofs in blocks, nodes that died',
                e.x,
                [
                    line('blocks', e.blocks),
                    line('views nullified', e.views_nullified),
                    line('proofs', e.proofs),
                    line('crashes', e.crashes),
                ],
                { shade: e.held, note: heldNote(m), whole: true },
            ),
            chart(
                ctx,
                'traffic',
                'Messages and verifications',
                `delivered and judged, by all nodes${modelled}`,
                e.x,
                [line('messages', e.messages), line('verifications', e.verifications)],
                {},
            ),
            chart(
                ctx,
                'bytes',
                'Bytes',
                `${bytes.word} carried to all nodes${modelled}`,
                e.x,
                [line('delivered', bytes.column)],
                { unit: (v) => `${siText(v)} ${bytes.word}`, tick: siText },
            ),
            chart(
                ctx,
                'certificates',
                'Certificates held',
                'the most that any node held at the close of an epoch',
                e.x,
                [line('certificates', e.certificates_held)],
                { whole: true },
            ),
        ),
    );
}
